package io.blobstore.cache.pieces;

import io.blobstore.memory.Lease;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** Leases the memory of adjacent pieces, which stay on the disk and mapped until it is closed. Thread-safe. */
final class PieceView implements Lease {
    private final List<Lease> leases;
    private final Runnable release;
    private final AtomicBoolean closed = new AtomicBoolean();

    /**
     * Creates a view.
     *
     * @param leases the leases of the pieces, in order, which this view closes
     * @param release runs once, after that
     */
    PieceView(List<Lease> leases, Runnable release) {
        this.leases = List.copyOf(leases);
        this.release = release;
    }

    @Override
    public List<ByteBuffer> buffers() {
        List<ByteBuffer> buffers = new ArrayList<>(leases.size());
        for (Lease lease : leases) {
            buffers.addAll(lease.buffers());
        }
        return List.copyOf(buffers);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            leases.forEach(Lease::close);
            release.run();
        }
    }
}
