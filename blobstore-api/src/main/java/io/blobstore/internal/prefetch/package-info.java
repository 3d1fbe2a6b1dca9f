/**
 * What a prefetching reader decides by, and the memory it reads ahead into. Knows no store, no thread, and nothing of
 * transfers.
 *
 * <p>May depend on the JDK only.
 */
@NullMarked
package io.blobstore.internal.prefetch;

import org.jspecify.annotations.NullMarked;
