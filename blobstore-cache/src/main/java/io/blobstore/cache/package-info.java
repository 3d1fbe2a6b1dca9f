/**
 * A cache in front of any store: {@link io.blobstore.cache.CachedBlobStore}.
 *
 * <p>May depend on {@code io.blobstore}, {@code io.blobstore.memory}, {@code io.blobstore.transfer},
 * {@code io.blobstore.cas} and {@code io.blobstore.cache.pieces}; on no store.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.cache;

import org.jspecify.annotations.NullMarked;
