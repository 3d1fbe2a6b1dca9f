/**
 * Reads of zonal buckets over gRPC, which only {@code io.blobstore.gcs} uses, and only if the transport is gRPC: the
 * only package that depends on gRPC, protocol buffers, and the generated classes of the storage API.
 *
 * <p>A {@code ReadSession} is a bidirectional stream to one version of an object, a {@code SessionPool} keeps them, and
 * {@code GrpcReads} reads ranges through them. Credentials, certificates and the choice of the network path are those
 * of Google's libraries (gax, auth); messages are parsed and copied here, as google-cloud-storage's own sessions have
 * no back-pressure and no deadlines.
 *
 * <p>May depend on the contract, {@code io.blobstore.spi}, {@code io.blobstore.http} and
 * {@code io.blobstore.http.objects} (errors, retries), gRPC, protocol buffers, gax and slf4j. Must not depend on
 * {@code io.blobstore.gcs}.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.gcs.grpc;

import org.jspecify.annotations.NullMarked;
