/**
 * Split streams: content cut into inline bytes and references to content-addressed objects, such that equal files or
 * blocks are stored once, and the same bytes come back. The format is that of composefs-rs.
 *
 * <p>May depend on {@code io.blobstore}, {@code io.blobstore.spi}, {@code io.blobstore.memory},
 * {@code io.blobstore.transfer}, and the internal packages of this module and of blobstore-api. Knows no backend.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.split;

import org.jspecify.annotations.NullMarked;
