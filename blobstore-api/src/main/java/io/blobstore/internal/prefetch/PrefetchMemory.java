package io.blobstore.internal.prefetch;

import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Off-heap memory that readers share for reading ahead: bounded, and divided evenly among its users. No method waits
 * for memory: a reader that gets none reads without prefetching.
 *
 * <p>Memory is divided into pages of 1 MiB, in slabs of 16 pages. A piece is 1, 2, 4, 8 or 16 pages, at a multiple of
 * its size, so that memory which was returned always fits again (a buddy system, with one bit per page). Slabs are
 * taken from the shared {@link DirectBufferPool} when needed, and returned when the last user leaves: readers that are
 * opened one after the other reuse one slab.
 *
 * <p>Thread-safe.
 */
public final class PrefetchMemory {
    /** The bytes of a page, which is the smallest piece. */
    public static final int PAGE = 1 << 20;

    private static final int SLAB_PAGES = 16;

    private final int maxPages;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final List<Slab> slabs = new ArrayList<>();
    /**
     * The maximum number of pages to allocate: fewer than the bound after the JVM has refused memory, as asking again
     * is slow.
     */
    private int obtainable;

    private int shares;
    private int pagesTaken;

    private static final class Slab {
        final PooledBuffer memory;
        final int pages;
        /** One bit per page. */
        int taken;

        Slab(int pages) {
            this.memory = DirectBufferPool.shared().take(pages * PAGE);
            this.pages = pages;
        }

        /** Takes a free piece. Returns its first page; -1 if there is none. */
        int take(int count) {
            for (int first = 0; first + count <= pages; first += count) {
                int mask = mask(first, count);
                if ((taken & mask) == 0) {
                    taken |= mask;
                    return first;
                }
            }
            return -1;
        }

        void release(int first, int count) {
            taken &= ~mask(first, count);
        }

        private static int mask(int first, int count) {
            return ((1 << count) - 1) << first;
        }
    }

    /**
     * Creates the budget; allocates nothing yet.
     *
     * @param bytes the bound, rounded down to whole pages
     */
    public PrefetchMemory(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("memory for prefetching must be 0 bytes or more; got " + bytes);
        }
        maxPages = (int) Math.min(Integer.MAX_VALUE, bytes / PAGE);
        obtainable = maxPages;
    }

    /** Returns the bytes of the pieces that are in use. */
    public long taken() {
        lock.lock();
        try {
            return (long) pagesTaken * PAGE;
        } finally {
            lock.unlock();
        }
    }

    /** Creates a user's share, which holds no memory yet. */
    public Share join() {
        return new Share();
    }

    /** One user's share. Counts from its first call of {@link #take} until it is closed and all pieces are returned. */
    public final class Share implements Closeable {
        // Guarded by lock:
        private boolean joined;
        private boolean closed;
        private int held;

        private Share() {}

        /**
         * Takes memory, less than requested if there is not enough.
         *
         * @param bytes the preferred size, 1 or more
         * @return a piece of up to that many bytes, rounded up to the next size; empty if no memory is left, or this
         *     user holds its whole share
         */
        public Optional<Piece> take(int bytes) {
            lock.lock();
            try {
                if (closed) {
                    return Optional.empty();
                }
                arrive();
                int fair = Math.max(1, obtainable / shares);
                int most = Math.max(0, Math.min(SLAB_PAGES, fair - held));
                for (int pages = Math.min(pages(bytes), Integer.highestOneBit(most)); pages > 0; pages /= 2) {
                    Optional<Piece> piece = find(pages);
                    if (piece.isPresent()) {
                        return piece;
                    }
                }
                return Optional.empty();
            } finally {
                lock.unlock();
            }
        }

        /** Returns the bytes that this share may hold at present; as if it was alone until its first use. */
        public long size() {
            lock.lock();
            try {
                return (long) obtainable / Math.max(1, shares) * PAGE;
            } finally {
                lock.unlock();
            }
        }

        /** Counts this share from its first use. Requires the lock. */
        private void arrive() {
            if (joined) {
                return;
            }
            joined = true;
            shares++;
        }

        private Optional<Piece> find(int pages) {
            for (Slab slab : slabs) {
                int first = slab.take(pages);
                if (first >= 0) {
                    return Optional.of(new Piece(this, slab, first, pages));
                }
            }
            int made = slabs.stream().mapToInt(slab -> slab.pages).sum();
            int possible = Integer.highestOneBit(Math.min(SLAB_PAGES, obtainable - made));
            if (possible < pages) {
                return Optional.empty();
            }
            Slab slab;
            try {
                slab = new Slab(possible);
            } catch (OutOfMemoryError e) { // -XX:MaxDirectMemorySize: prefetching is optional
                obtainable = made;
                return Optional.empty();
            }
            slabs.add(slab);
            return Optional.of(new Piece(this, slab, slab.take(pages), pages));
        }

        /** Closes the share: it takes no more memory. Pieces in use stay valid, and must be closed. Idempotent. */
        @Override
        public void close() {
            lock.lock();
            try {
                closed = true;
                leaveIfDone();
            } finally {
                lock.unlock();
            }
        }

        /** Stops counting this share if it is closed and holds no memory. Requires the lock. */
        private void leaveIfDone() {
            if (closed && joined && held == 0) {
                joined = false;
                if (--shares == 0) {
                    slabs.forEach(slab -> slab.memory.close());
                    slabs.clear();
                    obtainable = maxPages;
                }
            }
        }
    }

    private static int pages(int bytes) {
        int pages = Math.min(SLAB_PAGES, (bytes - 1) / PAGE + 1);
        int power = Integer.highestOneBit(pages);
        return power == pages ? pages : power * 2;
    }

    /** Memory in use. Must be closed. */
    public final class Piece implements Closeable {
        private final Share owner;
        private final Slab slab;
        private final int first;
        private final int pages;
        private boolean released;

        /** Creates a piece and counts its pages. Requires the lock. */
        private Piece(Share owner, Slab slab, int first, int pages) {
            this.owner = owner;
            this.slab = slab;
            this.first = first;
            this.pages = pages;
            owner.held += pages;
            pagesTaken += pages;
        }

        /** Returns a new view of the memory, whose content is undefined at first. */
        public ByteBuffer buffer() {
            return slab.memory.buffer().slice(first * PAGE, pages * PAGE);
        }

        /** Returns the memory, which must not be accessed after that. Idempotent. */
        @Override
        public void close() {
            lock.lock();
            try {
                if (!released) {
                    released = true;
                    slab.release(first, pages);
                    owner.held -= pages;
                    pagesTaken -= pages;
                    owner.leaveIfDone();
                }
            } finally {
                lock.unlock();
            }
        }
    }
}
