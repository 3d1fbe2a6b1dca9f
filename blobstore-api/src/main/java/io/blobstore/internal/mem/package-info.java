/**
 * The store in memory, {@code mem:}.
 *
 * <p>May depend on the JDK, {@code io.blobstore} and {@code io.blobstore.spi} only.
 */
@NullMarked
package io.blobstore.internal.mem;

import org.jspecify.annotations.NullMarked;
