/**
 * A content-addressed cache on a local disk: {@link io.blobstore.cas.ContentCache}, in bazel-remote's layout.
 *
 * <p>May depend on {@code io.blobstore}, but not on its {@code BlobStore}; on the buffers of
 * {@code io.blobstore.internal}, the formats of {@code io.blobstore.zstd.internal}, and
 * {@code io.blobstore.cas.internal}. Knows no store, and not {@code io.blobstore.cache}.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.cas;

import org.jspecify.annotations.NullMarked;
