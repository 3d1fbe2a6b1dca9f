package io.blobstore.cas;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Puts content that arrives piece by piece. One thread writes; any number of threads may read what was written so far.
 */
public final class ContentWriter implements Closeable {
    ContentWriter() {}

    /** Appends a buffer's remaining bytes, and advances its position. Copied or compressed when this returns. */
    public void write(ByteBuffer content) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Returns how many bytes of content can be read by {@link #read}. Unverified before {@link #commit}. */
    public long readable() {
        throw new UnsupportedOperationException();
    }

    /**
     * Reads bytes that were written, from the target's position to its limit at most.
     *
     * @return the number of bytes read, 0 if none can be read at the offset yet
     */
    public int read(long offset, ByteBuffer target) throws IOException {
        throw new UnsupportedOperationException();
    }

    /**
     * Makes the content visible.
     *
     * @return its digest
     * @throws DigestMismatchException if it is not the one that was announced; nothing was kept
     */
    public Digest commit() throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Discards the content unless it was committed. Idempotent. */
    @Override
    public void close() throws IOException {
        throw new UnsupportedOperationException();
    }
}
