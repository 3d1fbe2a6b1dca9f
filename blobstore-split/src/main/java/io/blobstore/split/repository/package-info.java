/**
 * Repositories of split streams: where objects and names are kept, how content is split into them and merged again in
 * parallel, and how they are checked and collected. {@code SplitEngine} and {@code Repository} are the entry points.
 *
 * <p>May depend on {@code io.blobstore}, {@code io.blobstore.spi}, {@code io.blobstore.transfer},
 * {@code io.blobstore.memory}, {@code io.blobstore.split}, {@code io.blobstore.split.oci},
 * {@code io.blobstore.split.internal.file}, {@code io.blobstore.split.internal.format},
 * {@code io.blobstore.split.internal.input}, {@code io.blobstore.split.internal.verity},
 * {@code io.blobstore.internal.buffer}, {@code io.blobstore.internal.concurrent}, {@code io.blobstore.internal.file}
 * and slf4j. Knows no backend.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.split.repository;

import org.jspecify.annotations.NullMarked;
