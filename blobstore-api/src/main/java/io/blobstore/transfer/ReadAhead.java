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
 * What one reader has read ahead, or is reading ahead, as {@link AccessPattern} advises. Used by one thread at a time.
 *
 * <p>Blocks are in the order in which they are expected to be wanted. A jump to what is in none of them cancels those
 * under way, and waits for none: each gives its memory back when its request has ended.
 */
final class ReadAhead {
    private static final int LARGEST_BLOCK = 8 << 20;

    private final PinnedVersionReads reads;
    private final PrefetchMemory.Share memory;
    private final int concurrency;
    private final AccessPattern pattern;
    private final Deque<Block> blocks = new ArrayDeque<>();

    /** A stretch of the blob in memory that the fetch and the reader hold together: the last of them gives it back. */
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
                    // It is in place.
                }

                @Override
                public void close() {
                    letGo();
                }
            };
        }

        void begin(PinnedVersionReads reads) throws IOException {
            try {
                fetch = reads.start(offset, this);
            } finally {
                if (fetch == null) { // nothing has begun
                    memory.close();
                }
            }
        }

        Download fetch() {
            return Objects.requireNonNull(fetch, "begun");
        }

        void drop() {
            fetch().cancel();
            letGo();
        }

        private void letGo() {
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
     * Takes note of a read that is to come, drops what it leaves behind, and begins what should be read ahead of it.
     *
     * @param length which all exist, 1 or more
     * @param blobSize where to stop
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
        // As large as lets every request have one, so that the window is under way at once and not by few; but no
        // smaller than a page, unless the window is: it grows with what is read, however small the reads are.
        long wished = Math.max(Math.min(PrefetchMemory.PAGE, window), Math.min(LARGEST_BLOCK, window / concurrency));
        long end = from + Math.min(reads.options().maxReadAhead(), blobSize - from);
        long next = blocks.isEmpty() ? from : Math.max(from, blocks.getLast().end());
        while (next < end && next - from + wished / 2 < window && underWay() < concurrency) {
            Optional<Block> block = fetch(next, (int) Math.min(Long.highestOneBit(wished), end - next));
            if (block.isEmpty()) {
                return;
            }
            next = block.get().end();
        }
    }

    private void produceStrides(long position, int length, long blobSize) throws IOException {
        long stride = pattern.stride();
        long next = position + stride; // beyond the largest number it would be negative
        for (int i = pattern.stridesAhead(); i > 0 && underWay() < concurrency; i--) {
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

    private int underWay() {
        return (int) blocks.stream().filter(block -> !block.fetch().isDone()).count();
    }

    /** Begins to read a block ahead; empty if there is no memory or no thread for it. */
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
     * Copies what was read ahead, waiting for it if it is under way.
     *
     * @param most bytes
     * @return how many; 0 if there are none for this position
     */
    int take(long position, ByteBuffer target, int most) throws IOException {
        Block block = blockAt(position);
        if (block == null) {
            return 0;
        }
        try {
            reads.join(block.fetch());
        } catch (
                PinnedVersionReads.GivenUpException
                        e) { // nobody's fault here: it is read as if nothing had been read ahead
            blocks.remove(block);
            block.drop();
            return 0;
        }
        int from = (int) (position - block.offset);
        int bytes = Math.min(most, block.length - from);
        target.put(block.slice(from, bytes));
        return bytes;
    }

    /** How many bytes from a position on were not read ahead. */
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

    /** Forgets everything; the next read begins anew. */
    void reset() {
        pattern.reset();
        blocks.forEach(Block::drop);
        blocks.clear();
    }

    /** As {@link #reset()}; nothing is read ahead any more, and memory goes back to the others. */
    void close() {
        reset();
        memory.close();
    }
}
