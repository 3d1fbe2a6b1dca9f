package io.blobstore.transfer;

import io.blobstore.BlobTarget;
import io.blobstore.internal.prefetch.AccessPattern;
import io.blobstore.internal.prefetch.PrefetchMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The blocks that one reader has prefetched, or is prefetching, as {@link AccessPattern} advises. Used by one thread at
 * a time.
 *
 * <p>Blocks are in the order in which they are expected to be read. A jump to a position outside of them cancels those
 * in flight without waiting: each releases its memory when its request has ended.
 */
final class ReadAhead {
    private static final int LARGEST_BLOCK = 8 << 20;

    /** Reads up to this size are small: how far they go on is uncertain. */
    private static final int SMALL_READ = 256 << 10;
    /** The bytes that may be prefetched in vain for small reads, however few were read. */
    private static final long FREE_WASTE = 512 << 10;
    /** The further bytes that may be prefetched in vain for small reads, as a part of those that were read. */
    private static final int WASTE_DIVISOR = 24;
    /** The smallest block for small reads. */
    private static final int SMALL_BLOCK = 128 << 10;

    private final PinnedVersionReads reads;
    private final PrefetchMemory.Share memory;
    private final int concurrency;
    private final AccessPattern pattern;
    private final Deque<Block> blocks = new ArrayDeque<>();
    /** The bytes that were read sequentially. */
    private long read;
    /** The bytes that were prefetched and dropped unread. */
    private long wasted;
    /** The bytes that were prefetched in all, and those of them that were dropped unread, also by a reset. */
    private long prefetched;

    private long unused;
    /** Whether the blob is read as a stream, probably to its end. */
    private volatile boolean everythingExpected;

    /**
     * A range of the blob in memory that is held by its fetch and by the reader, and released by the last of them. Of
     * readers that share blocks, it has no memory of its own: the fetch makes the blocks, which are read later.
     */
    private static final class Block implements BlobTarget {
        final long offset;
        final int length;
        private final PrefetchMemory.@Nullable Piece memory;
        private final AtomicInteger holders = new AtomicInteger(2);
        private @Nullable Download fetch;
        /** The bytes that were read. */
        private int used;

        Block(long offset, int length, PrefetchMemory.@Nullable Piece memory) {
            this.offset = offset;
            this.length = length;
            this.memory = memory;
        }

        long end() {
            return offset + length;
        }

        boolean contains(long position) {
            return position >= offset && position < end();
        }

        boolean hasContent() {
            return memory != null;
        }

        ByteBuffer slice(int from, int bytes) {
            return Objects.requireNonNull(memory, "content").buffer().slice(from, bytes);
        }

        @Override
        public long room() {
            return length;
        }

        @Override
        public Writer open() {
            return new Writer() {
                @Override
                public Window window(long from, long bytes) {
                    return hasContent() ? Window.of(slice((int) from, (int) bytes)) : new BlobBlocks.Warming(bytes);
                }

                @Override
                public void commit(long bytes) {
                    // the content is in place
                }

                @Override
                public void close() {
                    release();
                }
            };
        }

        void begin(PinnedVersionReads reads, boolean neededNow) throws IOException {
            try {
                fetch = neededNow ? reads.prepare(offset, this) : reads.start(offset, this);
            } finally {
                if (fetch == null) { // not started
                    closeMemory();
                }
            }
        }

        Download fetch() {
            return Objects.requireNonNull(fetch, "started");
        }

        int unread() {
            return Math.max(0, length - used);
        }

        void drop() {
            fetch().cancel();
            release();
        }

        private void release() {
            if (holders.decrementAndGet() == 0) {
                closeMemory();
            }
        }

        private void closeMemory() {
            if (memory != null) {
                memory.close();
            }
        }
    }

    ReadAhead(PinnedVersionReads reads, PrefetchMemory.Share memory) {
        this.reads = reads;
        this.memory = memory;
        this.concurrency = reads.options().concurrency();
        this.pattern = new AccessPattern(reads.options().maxReadAhead());
    }

    /**
     * Records an upcoming read, drops the blocks before it, and starts the prefetches that should follow it.
     *
     * @param length the read's length in bytes, 1 or more, inside the blob
     * @param blobSize the position at which prefetching ends
     */
    void follow(long position, int length, long blobSize) throws IOException {
        boolean buffered = blockAt(position) != null;
        while (!blocks.isEmpty() && !blocks.getFirst().contains(position)) {
            Block left = blocks.removeFirst();
            wasted += left.unread();
            drop(left);
        }
        pattern.read(position, length, buffered);
        read += length;
        if (pattern.stridesAhead() > 0) {
            produceStrides(position, length, blobSize);
            return;
        }
        // Those in flight are cancelled if they are not read, and most of them have not been answered then.
        long free = FREE_WASTE + read / WASTE_DIVISOR + bytesInFlight() / 3 - wasted;
        long expected = Math.min(pattern.expected(), free);
        if (!buffered && expected == pattern.expected()) {
            fetchTogether(position, length, Math.min(expected, blobSize - position - length));
        }
        boolean cautious = length <= SMALL_READ && !everythingExpected;
        long window = Math.min(Math.max(pattern.window(), expected), Math.min(pattern.atMost(), reads.memory()));
        produceSequence(
                position + length,
                blobSize,
                cautious ? Math.min(window, free) : window,
                cautious ? SMALL_BLOCK : PrefetchMemory.PAGE);
    }

    /** Fetches the bytes of a read together with those that will probably be read next, if they are few. */
    private void fetchTogether(long position, int length, long expected) throws IOException {
        if (expected <= 0
                || expected
                        > Math.min(PrefetchMemory.PAGE - length, reads.options().maxReadAhead())) {
            return;
        }
        long end = position + length + expected;
        int parts = (int) Math.max(1, Math.min((length + expected) / SMALL_BLOCK, reads.concurrency() - inFlight()));
        for (int part = 0; part < parts && position < end; part++) {
            long bytes = (end - position) / (parts - part);
            Optional<Block> block = fetch(position, (int) bytes, part == 0);
            if (block.isEmpty()) {
                return;
            }
            position = block.get().end();
        }
    }

    /** Notes that the blob will probably be read to its end: then nothing is prefetched in vain. */
    void expectEverything() {
        everythingExpected = true;
    }

    private void produceSequence(long from, long blobSize, long window, int smallestBlock) throws IOException {
        if (window <= 0) {
            return;
        }
        // The window is divided evenly among the requests, so that all of it is in flight at once. Blocks are no
        // smaller than that, unless the window is. It grows with the bytes read, however small the reads are.
        long preferred = Math.max(Math.min(smallestBlock, window), Math.min(LARGEST_BLOCK, window / concurrency));
        long most = from + Math.min(reads.options().maxReadAhead(), blobSize - from);
        long end = Math.min(most, reads.border(pattern.runStart(), from));
        long next = blocks.isEmpty() ? from : Math.max(from, blocks.getLast().end());
        while (next < end && next - from + preferred / 2 < window && inFlight() < reads.concurrency()) {
            Optional<Block> block = fetch(next, (int) Math.min(rounded(preferred), end - next), false);
            if (block.isEmpty()) {
                return;
            }
            next = block.get().end();
        }
    }

    /** Rounds the size of a block down: a large one to what a piece of the memory has, a small one to few sizes. */
    private static long rounded(long preferred) {
        return preferred < SMALL_BLOCK || preferred > PrefetchMemory.PAGE
                ? Long.highestOneBit(preferred)
                : preferred - preferred % (SMALL_BLOCK / 2);
    }

    private void produceStrides(long position, int length, long blobSize) throws IOException {
        long stride = pattern.stride();
        long next = position + stride; // negative on overflow
        for (int i = pattern.stridesAhead(); i > 0 && inFlight() < reads.concurrency(); i--) {
            if (next < 0 || next > blobSize - length) {
                return;
            }
            if (blockAt(next) == null
                    && (length > LARGEST_BLOCK || fetch(next, length, false).isEmpty())) {
                return;
            }
            next += stride;
        }
    }

    private long bytesInFlight() {
        long bytes = 0;
        for (Block block : blocks) {
            bytes += block.fetch().isDone() ? 0 : block.length;
        }
        return bytes;
    }

    private int inFlight() {
        int count = 0;
        for (Block block : blocks) {
            count += block.fetch().isDone() ? 0 : 1;
        }
        return count;
    }

    /**
     * Starts to fetch a block; returns empty if there is no memory or no thread for it.
     *
     * @param neededNow whether this thread needs it at once, and so fetches it itself
     */
    private Optional<Block> fetch(long offset, int most, boolean neededNow) throws IOException {
        PrefetchMemory.Piece piece = null;
        int length = most;
        if (!reads.options().shared()) {
            piece = memory.take(most).orElse(null);
            if (piece == null) {
                return Optional.empty();
            }
            length = Math.min(most, piece.buffer().capacity());
        }
        Block block = new Block(offset, length, piece);
        try {
            block.begin(reads, neededNow);
        } catch (RejectedExecutionException e) {
            return Optional.empty();
        }
        prefetched += length;
        blocks.addLast(block);
        return Optional.of(block);
    }

    /**
     * Copies prefetched bytes, waiting for them if they are in flight.
     *
     * @param most the maximum number of bytes
     * @return the number of bytes; 0 if none were prefetched for this position, or they are among the shared blocks
     */
    int take(long position, ByteBuffer target, int most) throws IOException {
        Block block = blockAt(position);
        if (block == null) {
            return 0;
        }
        try {
            reads.join(block.fetch());
        } catch (PinnedVersionReads.GivenUpException e) { // the caller reads as if nothing had been prefetched
            blocks.remove(block);
            drop(block);
            return 0;
        }
        int from = (int) (position - block.offset);
        int bytes = Math.min(most, block.length - from);
        block.used += bytes;
        if (!block.hasContent()) {
            return 0; // among the shared blocks, or there was no memory for it
        }
        target.put(block.slice(from, bytes));
        return bytes;
    }

    /** Returns the number of bytes from a position up to the next prefetched block. */
    long gap(long position) {
        return blocks.stream()
                .mapToLong(block -> block.offset - position)
                .filter(distance -> distance > 0)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    private @Nullable Block blockAt(long position) {
        for (Block block : blocks) {
            if (block.contains(position)) {
                return block;
            }
        }
        return null;
    }

    /** Drops all blocks and forgets the access pattern. */
    void reset() {
        pattern.reset();
        blocks.forEach(this::drop);
        blocks.clear();
    }

    private void drop(Block block) {
        unused += block.unread();
        block.drop();
    }

    /** Returns the bytes of all blocks so far. */
    long prefetched() {
        return prefetched;
    }

    /** Returns how many bytes of the blocks were not read before they were dropped; all of them after a close. */
    long unused() {
        return unused;
    }

    /** Drops all blocks, stops prefetching, and leaves the memory to other readers. */
    void close() {
        reset();
        memory.close();
    }
}
