/**
 * Decides how far a reader prefetches, and manages the memory for it. Independent of stores, threads and transfers. Not
 * exported.
 *
 * <p>May depend on {@code io.blobstore.internal.buffer} only.
 */
@NullMarked
package io.blobstore.internal.prefetch;

import org.jspecify.annotations.NullMarked;
