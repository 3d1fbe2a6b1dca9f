/**
 * Pieces of large blobs: {@link io.blobstore.cache.pieces.PieceCache} on a local disk, and the order in which pieces
 * are fetched. Internal: not exported.
 *
 * <p>May depend on {@code io.blobstore}, {@code io.blobstore.memory}, {@code io.blobstore.spi},
 * {@code io.blobstore.transfer}, the internal buffers, files and interrupts of blobstore-api, and the exceptions of
 * {@code io.blobstore.cas}; on no store.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.cache.pieces;

import org.jspecify.annotations.NullMarked;
