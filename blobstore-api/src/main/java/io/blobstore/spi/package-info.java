/**
 * What those who write a backend would otherwise write each for themselves: the states of an upload in parts, and the
 * uploads of a store that are still open.
 *
 * <p>Used by backends, inside and outside this project; users of a store do not need it. May depend on
 * {@code io.blobstore} (the contract).
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.spi;

import org.jspecify.annotations.NullMarked;
