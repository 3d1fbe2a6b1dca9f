/**
 * Transfer engines: how large blobs are split, sent and read in parallel, retried and reported. The face is public, the
 * engine package-private.
 *
 * <p>May depend on {@code io.blobstore} (the contract), {@code io.blobstore.internal.prefetch} and slf4j. Knows no
 * backend, and no kind of memory but that.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.transfer;

import org.jspecify.annotations.NullMarked;
