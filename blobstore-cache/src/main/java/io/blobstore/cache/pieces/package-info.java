/**
 * Pieces of large blobs on a local disk. Internal: not exported.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.cache.pieces;

import org.jspecify.annotations.NullMarked;
