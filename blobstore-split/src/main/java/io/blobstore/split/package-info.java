/**
 * Split streams: content cut into inline bytes and references to content-addressed objects, such that equal files or
 * blocks are stored once, and the same bytes come back. The format is that of composefs-rs.
 *
 * <p>May depend on {@code io.blobstore}, and on the splitters, which it creates:
 * {@code io.blobstore.split.internal.tar} and {@code io.blobstore.split.internal.blocks}. Knows no backend.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.split;

import org.jspecify.annotations.NullMarked;
