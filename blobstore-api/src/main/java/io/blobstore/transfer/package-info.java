/**
 * Parallel transfers: how large blobs are split, sent and read in parallel, retried and reported.
 * {@code TransferManager} is the public entry point; the classes behind it are package-private.
 *
 * <p>May depend on {@code io.blobstore} (the contract), {@code io.blobstore.spi} (how blobs are split),
 * {@code io.blobstore.internal.prefetch} and slf4j. Knows no backend, and no memory except that.
 */
@NullMarked
package io.blobstore.transfer;

import org.jspecify.annotations.NullMarked;
