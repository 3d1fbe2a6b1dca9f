package io.blobstore.split.internal.format;

import io.blobstore.BlobSource;
import io.blobstore.split.ObjectId;

/**
 * A stream that was written.
 *
 * @param id the id of the stream, which is an object itself
 * @param content the bytes of the stream, valid until its writer is closed
 * @param size the number of bytes that the stream merges to
 * @param objects the number of different objects that it refers to
 */
public record WrittenStream(ObjectId id, BlobSource content, long size, int objects) {}
