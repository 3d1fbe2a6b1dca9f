/**
 * The formats of compressed blobs: their frames, and the tables that say where each frame is. Internal: not exported.
 *
 * <p>Works on buffers only and sends no request. May depend on zstd-jni, and on the checksums of {@code io.blobstore}.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.zstd.internal;

import org.jspecify.annotations.NullMarked;
