/**
 * The Remote Execution API: what a cache answers to clients such as Bazel. Knows the other protocol not.
 *
 * <p>May depend on {@code io.blobstore.server.internal}, gRPC, protobuf, and the cache.
 */
@NullMarked
package io.blobstore.server.internal.grpc;

import org.jspecify.annotations.NullMarked;
