package io.blobstore;

import java.nio.ByteBuffer;
import java.util.List;

/** A lease of memory that is not ours to free, or of none. */
final class UnownedLease implements Lease {
    private final List<ByteBuffer> buffers;
    private volatile boolean closed;

    UnownedLease(List<ByteBuffer> buffers) {
        this.buffers = buffers;
    }

    @Override
    public List<ByteBuffer> buffers() {
        if (closed) {
            throw new IllegalStateException("this lease is closed");
        }
        return buffers;
    }

    @Override
    public void close() {
        closed = true;
    }
}
