/**
 * The blob store in a bucket of Amazon S3 or of an S3-compatible server: {@code s3://bucket}.
 *
 * <p>May depend on {@code io.blobstore} and {@code io.blobstore.spi} (the contract, and support for its
 * implementation), {@code io.blobstore.http} and {@code io.blobstore.http.objects} (the data plane, and what S3 and
 * Cloud Storage have in common), the AWS SDK and slf4j. Must not depend on the transfer engines, other backends, or
 * memory mapping.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.s3;

import org.jspecify.annotations.NullMarked;
