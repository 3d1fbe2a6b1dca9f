/**
 * Temporary files. Internal: not exported.
 *
 * <p>May depend on {@code io.blobstore} and {@code io.blobstore.internal.buffer}.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.split.internal.file;

import org.jspecify.annotations.NullMarked;
