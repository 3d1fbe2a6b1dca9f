/**
 * Inputs of splitters. Internal: not exported.
 *
 * <p>May depend on {@code io.blobstore}, {@code io.blobstore.memory}, {@code io.blobstore.internal.buffer}, the values
 * of {@code io.blobstore.split}, and {@code io.blobstore.split.internal.file}.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.split.internal.input;

import org.jspecify.annotations.NullMarked;
