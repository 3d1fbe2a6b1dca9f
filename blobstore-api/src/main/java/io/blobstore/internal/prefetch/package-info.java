/**
 * Decides how far a reader prefetches, and manages the memory for it. Knows no store, no thread and no transfer. Not
 * exported.
 *
 * <p>May depend on {@code io.blobstore.internal.buffer} only.
 */
@NullMarked
package io.blobstore.internal.prefetch;

import org.jspecify.annotations.NullMarked;
