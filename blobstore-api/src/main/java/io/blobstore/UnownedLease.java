package io.blobstore;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * A lease of memory that is not ours to free, or of none.
 *
 * @param buffers what it shows
 */
record UnownedLease(List<ByteBuffer> buffers) implements Lease {
    /** Shows nothing and holds nothing. */
    static final Lease EMPTY = new UnownedLease(List.of());

    @Override
    public void close() {}
}
