/**
 * Blob stores, the values and content they handle, and the exceptions they throw.
 *
 * <p>Implemented by the backends and used by all other packages. May depend on {@code io.blobstore.internal.file},
 * {@code io.blobstore.internal.buffer}, {@code io.blobstore.internal.concurrent} and {@code io.blobstore.spi}, which
 * contains the types that only backends need: the two packages refer to each other, as {@code java.nio.file} and
 * {@code java.nio.file.spi} do. Independent of the transfer engine, of backends and of SDKs.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore;

import org.jspecify.annotations.NullMarked;
