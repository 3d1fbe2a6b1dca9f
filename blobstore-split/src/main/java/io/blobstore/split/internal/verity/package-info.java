/**
 * fs-verity digests, computed by the JDK. Internal: not exported.
 *
 * <p>Works on buffers and sources; knows neither streams nor splitters. May depend on {@code io.blobstore} and the
 * values of {@code io.blobstore.split}.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.split.internal.verity;

import org.jspecify.annotations.NullMarked;
