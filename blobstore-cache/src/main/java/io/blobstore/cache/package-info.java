/**
 * A cache in front of any store: {@link io.blobstore.cache.CachedBlobStore}.
 *
 * <p>May depend on {@code io.blobstore}, {@code io.blobstore.memory}, {@code io.blobstore.spi},
 * {@code io.blobstore.transfer}, {@code io.blobstore.cas}, {@code io.blobstore.cache.pieces} and the buffers, files and
 * interrupts of {@code io.blobstore.internal}; on no store.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.cache;

import org.jspecify.annotations.NullMarked;
