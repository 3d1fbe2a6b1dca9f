package io.blobstore.bench;

import java.nio.ByteBuffer;

/** One way to transfer the content, ready to do so repeatedly. */
interface BenchmarkClient extends AutoCloseable {
    /** Transfers the whole content once; on return it is complete, and content that was read has been verified. */
    void round() throws Exception;

    /** Stores a small object with one request. Thread-safe. Clients that take part in such comparisons override it. */
    default void put(ByteBuffer content) throws Exception {
        throw new UnsupportedOperationException();
    }

    /** Reads a small object with one request into a buffer that has exactly the room for it. Thread-safe. */
    default void get(ByteBuffer target) throws Exception {
        throw new UnsupportedOperationException();
    }
}
