/**
 * The file format of split streams: header, sections, chunks. Internal: not exported.
 *
 * <p>Reads channels and writes sources; knows neither splitters nor stores. May depend on {@code io.blobstore},
 * {@code io.blobstore.internal.buffer}, zstd-jni, the values of {@code io.blobstore.split}, and
 * {@code io.blobstore.split.internal.file} and {@code io.blobstore.split.internal.verity}.
 *
 * <p>A stream consists of a header of 32 bytes, an information section, and four sections that it locates by pairs of
 * offsets: the ids of other streams, the ids of objects, names of the other streams (compressed), and chunks
 * (compressed). All numbers are little-endian. A chunk is a number of 64 bits: negative for that many inline bytes,
 * which follow; otherwise the index of an object's id. All compressed sections are zstd frames, one after another.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.split.internal.format;

import org.jspecify.annotations.NullMarked;
