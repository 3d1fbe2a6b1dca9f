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

    private final PinnedVersionReads reads;
    private final PrefetchMemory.Share memory;
    private final int concurrency;
    private final AccessPattern pattern;
    private final Deque<Block> blocks = new ArrayDeque<>();

    /** A range of the blob in memory that is held by its fetch and by the reader, and released by the last of them. */
    private static final class Block implements BlobTarget {
        final long offset;
        final int length;
        private final PrefetchMemory.Piece memory;
        private final AtomicInteger holders = new AtomicInteger(2);
        private @Nullable Download fetch;

        Block(long offset, int length, PrefetchMemory.Piece memory) {
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

        ByteBuffer slice(int from, int bytes) {
            return memory.buffer().slice(from, bytes);
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
                    return Window.of(slice((int) from, (int) bytes));
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

        void begin(PinnedVersionReads reads) throws IOException {
            try {
                fetch = reads.start(offset, this);
            } finally {
                if (fetch == null) { // not started
                    memory.close();
                }
            }
        }

        Download fetch() {
            return Objects.requireNonNull(fetch, "started");
        }

        void drop() {
            fetch().cancel();
            release();
        }

        private void release() {
            if (holders.decrementAndGet() == 0) {
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
            blocks.removeFirst().drop();
        }
        pattern.read(position, length, buffered);
        if (pattern.stridesAhead() > 0) {
            produceStrides(position, length, blobSize);
        } else {
            produceSequence(position + length, blobSize);
        }
    }

    private void produceSequence(long from, long blobSize) throws IOException {
        long window = pattern.window();
        if (window == 0) {
            return;
        }
        // The window is divided evenly among the requests, so that all of it is in flight at once. Blocks are no
        // smaller than a page, unless the window is. It grows with the bytes read, however small the reads are.
        long preferred = Math.max(Math.min(PrefetchMemory.PAGE, window), Math.min(LARGEST_BLOCK, window / concurrency));
        long end = from + Math.min(reads.options().maxReadAhead(), blobSize - from);
        long next = blocks.isEmpty() ? from : Math.max(from, blocks.getLast().end());
        while (next < end && next - from + preferred / 2 < window && inFlight() < reads.concurrency()) {
            Optional<Block> block = fetch(next, (int) Math.min(Long.highestOneBit(preferred), end - next));
            if (block.isEmpty()) {
                return;
            }
            next = block.get().end();
        }
    }

    private void produceStrides(long position, int length, long blobSize) throws IOException {
        long stride = pattern.stride();
        long next = position + stride; // negative on overflow
        for (int i = pattern.stridesAhead(); i > 0 && inFlight() < reads.concurrency(); i--) {
            if (next < 0 || next > blobSize - length) {
                return;
            }
            if (blockAt(next) == null
                    && (length > LARGEST_BLOCK || fetch(next, length).isEmpty())) {
                return;
            }
            next += stride;
        }
    }

    private int inFlight() {
        return (int) blocks.stream().filter(block -> !block.fetch().isDone()).count();
    }

    /** Starts to prefetch a block; returns empty if there is no memory or no thread for it. */
    private Optional<Block> fetch(long offset, int most) throws IOException {
        Optional<PrefetchMemory.Piece> piece = memory.take(most);
        if (piece.isEmpty()) {
            return Optional.empty();
        }
        int length = Math.min(most, piece.get().buffer().capacity());
        Block block = new Block(offset, length, piece.get());
        try {
            block.begin(reads);
        } catch (RejectedExecutionException e) {
            return Optional.empty();
        }
        blocks.addLast(block);
        return Optional.of(block);
    }

    /**
     * Copies prefetched bytes, waiting for them if they are in flight.
     *
     * @param most the maximum number of bytes
     * @return the number of bytes; 0 if none were prefetched for this position
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
            block.drop();
            return 0;
        }
        int from = (int) (position - block.offset);
        int bytes = Math.min(most, block.length - from);
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
        blocks.forEach(Block::drop);
        blocks.clear();
    }

    /** Drops all blocks, stops prefetching, and leaves the memory to other readers. */
    void close() {
        reset();
        memory.close();
    }
}
