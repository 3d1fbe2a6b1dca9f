/**
 * The blob store in a local directory: {@code file:/dir}.
 *
 * <p>May depend on {@code io.blobstore} and {@code io.blobstore.spi} (the contract, and how to implement it),
 * {@code io.blobstore.internal.file}, {@code io.blobstore.internal.concurrent} and slf4j. Independent of the transfer
 * engine, of other backends, and of how memory is mapped.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.fs;

import org.jspecify.annotations.NullMarked;
