/**
 * Parallel transfers: how large blobs are split, sent and read in parallel, retried and reported.
 * {@code TransferManager} is the public entry point; the classes behind it are package-private.
 *
 * <p>May depend on {@code io.blobstore} (the contract), {@code io.blobstore.spi} (how blobs are split),
 * {@code io.blobstore.internal.prefetch}, {@code io.blobstore.internal.buffer},
 * {@code io.blobstore.internal.concurrent}, {@code io.blobstore.internal.file} (journals) and slf4j. Independent of
 * backends, and of how memory is mapped.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.transfer;

import org.jspecify.annotations.NullMarked;
