/**
 * The blob store in a Google Cloud Storage bucket: {@code gs://bucket}.
 *
 * <p>May depend on {@code io.blobstore} and {@code io.blobstore.spi} (the contract, and support for its
 * implementation), {@code io.blobstore.http} and {@code io.blobstore.http.objects} (the data plane, and what S3 and
 * Cloud Storage have in common), {@code io.blobstore.gcs.grpc} (content of zonal buckets), google-cloud-storage with
 * its dependencies except gRPC and protocol buffers, and slf4j. Must not depend on the transfer engines, other
 * backends, or memory mapping.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.gcs;

import org.jspecify.annotations.NullMarked;
