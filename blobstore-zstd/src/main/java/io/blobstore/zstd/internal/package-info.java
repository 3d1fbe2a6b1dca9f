/**
 * The formats of compressed blobs: their frames, and the tables that say where each frame is. Internal: exported to the
 * modules of this library only.
 *
 * <p>Works on buffers and sources only and sends no request. May depend on zstd-jni, on sources and checksums of
 * {@code io.blobstore}, and on {@code io.blobstore.internal.buffer}.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.zstd.internal;

import org.jspecify.annotations.NullMarked;
