/**
 * The engine of the content-addressed cache. {@link io.blobstore.cas.internal.Index} has the entries, their order and
 * their bytes; {@link io.blobstore.cas.internal.CacheDirectory} the directory, its lock and its journal;
 * {@link io.blobstore.cas.internal.EntryReader} and {@link io.blobstore.cas.internal.EntryWriter} the files. Internal:
 * not exported.
 *
 * <p>May depend on {@code io.blobstore}, but not on its {@code BlobStore}; on {@code io.blobstore.memory}, the buffers
 * and files of {@code io.blobstore.internal}, the formats of {@code io.blobstore.zstd.internal}, and the values,
 * options, listener and exceptions of {@code io.blobstore.cas}. Knows no store, and not {@code io.blobstore.cache}.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.cas.internal;

import org.jspecify.annotations.NullMarked;
