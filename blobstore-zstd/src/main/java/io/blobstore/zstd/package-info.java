/**
 * Compressed blobs with random access: content as independent zstd frames, and a table of where each of them is.
 *
 * <p>May depend on {@code io.blobstore} and {@code io.blobstore.spi} (the contract, and what decorators share),
 * {@code io.blobstore.transfer}, {@code io.blobstore.internal.buffer} and {@code io.blobstore.zstd.internal}. Knows no
 * backend.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.zstd;

import org.jspecify.annotations.NullMarked;
