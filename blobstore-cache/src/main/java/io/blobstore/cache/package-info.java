/**
 * A cache in front of any store: {@link io.blobstore.cache.CachedBlobStore}, with write-back. Also
 * {@link io.blobstore.cache.MappedFill}, a blob that can be used as a mapped file while it is downloaded, and
 * {@link io.blobstore.cache.PeerFirstBlobStore}, which reads from a peer what the remote store does not have yet.
 *
 * <p>May depend on {@code io.blobstore}, {@code io.blobstore.memory}, {@code io.blobstore.spi},
 * {@code io.blobstore.transfer}, {@code io.blobstore.cas}, {@code io.blobstore.cache.pieces} and the buffers, files and
 * interrupts of {@code io.blobstore.internal}; on no store, and not on the internals of the cache.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.cache;

import org.jspecify.annotations.NullMarked;
