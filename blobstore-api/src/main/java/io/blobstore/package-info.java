/**
 * The contract: blob stores, the values and content they handle, and the exceptions they throw.
 *
 * <p>Implemented by the backends, used by everything else. May depend on {@code io.blobstore.internal.file},
 * {@code io.blobstore.internal.buffer} and {@code io.blobstore.spi}, which holds what only backends need: the two
 * packages refer to each other, as {@code java.nio.file} and {@code java.nio.file.spi} do. Knows no engine, no backend
 * and no SDK.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore;

import org.jspecify.annotations.NullMarked;
