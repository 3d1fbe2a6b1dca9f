/**
 * What a prefetching reader decides by, and the memory it reads ahead into. Knows no store, no thread, and nothing of
 * transfers.
 *
 * <p>May depend on {@code io.blobstore.internal.buffer} only.
 */
@NullMarked
package io.blobstore.internal.prefetch;

import org.jspecify.annotations.NullMarked;
