package io.blobstore.split.repository;

import io.blobstore.split.ObjectId;

/**
 * A stream that was merged.
 *
 * @param stream the id of the object that is the stream
 * @param bytes the size of the merged content
 * @param bytesInline how many of them the stream holds itself
 * @param objects the number of objects that were read, each one as often as it occurs
 */
public record MergeResult(ObjectId stream, long bytes, long bytesInline, long objects) {}
