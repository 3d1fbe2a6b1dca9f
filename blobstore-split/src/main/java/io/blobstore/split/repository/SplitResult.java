package io.blobstore.split.repository;

import io.blobstore.split.ObjectId;

/**
 * A stream that was split.
 *
 * @param name its name in the repository
 * @param stream the id of the object that is the stream
 * @param streamBytes the size of that object
 * @param progress what was parsed, present and stored
 */
public record SplitResult(String name, ObjectId stream, long streamBytes, SplitProgress progress) {}
