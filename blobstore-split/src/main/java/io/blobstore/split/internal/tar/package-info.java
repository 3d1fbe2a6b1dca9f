/**
 * The splitter of tar archives: where their entries begin and end. Internal: not exported.
 *
 * <p>Knows neither streams nor stores. May depend on the values of {@code io.blobstore.split} only.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.split.internal.tar;

import org.jspecify.annotations.NullMarked;
