/**
 * A content-addressed cache on a local disk: {@link io.blobstore.cas.ContentCache}, in bazel-remote's layout.
 *
 * <p>May depend on {@code io.blobstore}, {@code io.blobstore.zstd} and its formats, {@code internal.buffer}, and
 * {@code io.blobstore.cas.internal}; on no store.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.cas;

import org.jspecify.annotations.NullMarked;
