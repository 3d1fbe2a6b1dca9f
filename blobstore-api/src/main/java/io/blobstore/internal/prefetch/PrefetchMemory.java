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
 * Off-heap memory that readers share for what they read ahead: bounded, and divided evenly among those who use it.
 * Nobody waits for memory: who gets none reads without.
 *
 * <p>Pages of 1 MiB in slabs of 16. A piece is 1, 2, 4, 8 or 16 pages, at a multiple of its size, so that what was
 * given back always fits again (a buddy system, with one bit per page). Slabs are made when needed. When the last user
 * is gone they are left to the garbage collector, or to the next user if he comes first: readers that are opened one
 * after the other share one slab, too.
 *
 * <p>Thread-safe.
 */
public final class PrefetchMemory {
    /** Bytes of a page: the smallest piece. */
    public static final int PAGE = 1 << 20;

    private static final int SLAB_PAGES = 16;

    private final int maxPages;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final List<Slab> slabs = new ArrayList<>();
    /** How many pages there may be: fewer than the bound after the JVM has refused memory, which it does slowly. */
    private int obtainable;

    private int shares;
    private int pagesTaken;

    private static final class Slab {
        final PooledBuffer memory;
        final int pages;
        /** A bit per page. */
        int taken;

        Slab(int pages) {
            this.memory = DirectBufferPool.shared().take(pages * PAGE);
            this.pages = pages;
        }

        /** The first page of a free piece, which is marked as taken; -1 if there is none. */
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

        void giveBack(int first, int count) {
            taken &= ~mask(first, count);
        }

        private static int mask(int first, int count) {
            return ((1 << count) - 1) << first;
        }
    }

    /**
     * Makes none yet.
     *
     * @param bytes the bound, rounded down to whole pages
     */
    public PrefetchMemory(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("memory for reading ahead must be 0 bytes or more; got " + bytes);
        }
        maxPages = (int) Math.min(Integer.MAX_VALUE, bytes / PAGE);
        obtainable = maxPages;
    }

    /** Bytes of the pieces that are not given back yet. */
    public long taken() {
        lock.lock();
        try {
            return (long) pagesTaken * PAGE;
        } finally {
            lock.unlock();
        }
    }

    /** A new user, who gets nothing yet. */
    public Share join() {
        return new Share();
    }

    /** What one user may have. Counts as a user from the first time that something is asked for until it is closed. */
    public final class Share implements Closeable {
        // Guarded by lock:
        private boolean joined;
        private boolean closed;
        private int held;

        private Share() {}

        /**
         * Takes memory, less than asked for if there is not enough.
         *
         * @param bytes wanted, 1 or more
         * @return a piece of up to that many bytes, rounded up to the next size; empty if there is none, or this user
         *     has his share
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
            } catch (OutOfMemoryError e) { // -XX:MaxDirectMemorySize: reading ahead is not worth failing for
                obtainable = made;
                return Optional.empty();
            }
            slabs.add(slab);
            return Optional.of(new Piece(this, slab, slab.take(pages), pages));
        }

        /** Takes nothing any more. Pieces that are out stay valid, and must be given back. Idempotent. */
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

    /** Memory that somebody has. To be given back once. */
    public final class Piece implements Closeable {
        private final Share owner;
        private final Slab slab;
        private final int first;
        private final int pages;
        private boolean given;

        /** Under lock. */
        private Piece(Share owner, Slab slab, int first, int pages) {
            this.owner = owner;
            this.slab = slab;
            this.first = first;
            this.pages = pages;
            owner.held += pages;
            pagesTaken += pages;
        }

        /** The memory, a view of its own; its content is somebody's before. */
        public ByteBuffer buffer() {
            return slab.memory.buffer().slice(first * PAGE, pages * PAGE);
        }

        /** Gives it back; nobody may touch the memory any more. Idempotent. */
        @Override
        public void close() {
            lock.lock();
            try {
                if (!given) {
                    given = true;
                    slab.giveBack(first, pages);
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
