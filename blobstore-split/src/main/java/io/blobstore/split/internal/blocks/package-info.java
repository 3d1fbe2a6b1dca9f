/**
 * Splitters that know nothing of the content: blocks of a fixed size, and blocks whose ends the content defines.
 * Internal: not exported.
 *
 * <p>May depend on the values of {@code io.blobstore.split} only.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.split.internal.blocks;

import org.jspecify.annotations.NullMarked;
