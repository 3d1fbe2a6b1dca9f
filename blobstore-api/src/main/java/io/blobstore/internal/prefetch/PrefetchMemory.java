package io.blobstore.internal.prefetch;

import java.io.Closeable;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Off-heap memory that readers share for prefetching: bounded, and divided evenly among its users. No reader waits for
 * memory: a reader that gets no memory reads without prefetching.
 *
 * <p>Pages of 1 MiB are grouped in slabs of 16. A piece is 1, 2, 4, 8 or 16 pages, aligned to its size, which prevents
 * external fragmentation (a buddy allocator with one bit per page). Slabs are allocated on demand. When the last user
 * has left, they are kept until the next user arrives or the garbage collector runs: readers that are opened one after
 * another reuse one slab.
 *
 * <p>Thread-safe.
 */
public final class PrefetchMemory {
    /** Bytes of a page, the smallest piece. */
    public static final int PAGE = 1 << 20;

    private static final int SLAB_PAGES = 16;

    private final int maxPages;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final List<Slab> slabs = new ArrayList<>();
    /** The unused slabs, until they are collected. */
    private WeakReference<List<Slab>> unused = new WeakReference<>(List.of());
    /** The maximum number of pages; below the bound after the JVM has refused memory, because refusing is slow. */
    private int obtainable;

    private int shares;
    private int pagesTaken;

    private static final class Slab {
        final ByteBuffer memory;
        final int pages;
        /** One bit per page. */
        int taken;

        Slab(int pages) {
            this.memory = ByteBuffer.allocateDirect(pages * PAGE);
            this.pages = pages;
        }

        /** Marks a free piece as taken and returns its first page; -1 if there is none. */
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
     * Creates an instance without allocating memory.
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

    /** Returns the number of bytes in use. */
    public long taken() {
        lock.lock();
        try {
            return (long) pagesTaken * PAGE;
        } finally {
            lock.unlock();
        }
    }

    /** Returns the share of a new user, without memory. */
    public Share join() {
        return new Share();
    }

    /** The share of one user. Counts as a user from the first request until it is closed and all its pieces are. */
    public final class Share implements Closeable {
        // Guarded by lock:
        private boolean joined;
        private boolean closed;
        private int held;

        private Share() {}

        /**
         * Takes memory, less than requested if there is not enough.
         *
         * @param bytes the number of bytes requested, 1 or more
         * @return a piece of up to that many bytes, rounded up to the next size; empty if there is no memory, or this
         *     user has its full share
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

        /** Under lock. */
        private void arrive() {
            if (joined) {
                return;
            }
            joined = true;
            if (shares++ == 0) {
                List<Slab> kept = unused.get();
                slabs.addAll(kept == null ? List.of() : kept);
            }
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

        /** Refuses further memory. Pieces in use stay valid, and must be closed. Idempotent. */
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

        /** Under lock. */
        private void leaveIfDone() {
            if (closed && joined && held == 0) {
                joined = false;
                if (--shares == 0) {
                    unused = new WeakReference<>(new ArrayList<>(slabs));
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

        /** Under lock. */
        private Piece(Share owner, Slab slab, int first, int pages) {
            this.owner = owner;
            this.slab = slab;
            this.first = first;
            this.pages = pages;
            owner.held += pages;
            pagesTaken += pages;
        }

        /** Returns a new view of the memory, whose content is undefined. */
        public ByteBuffer buffer() {
            return slab.memory.slice(first * PAGE, pages * PAGE);
        }

        /** Releases the memory, which must not be touched any more. Idempotent. */
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
