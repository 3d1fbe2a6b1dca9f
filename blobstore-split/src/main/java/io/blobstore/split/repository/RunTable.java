package io.blobstore.split.repository;

import io.blobstore.TargetException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Numbers that are valid from a position on, up to the next one's, in ascending order of positions. Keeps 8 MiB of them
 * in memory, 16 bytes for each, and the others in a temporary file, with 8 bytes in memory for each 512. Used by one
 * thread at a time: to be filled first, then to be searched.
 */
final class RunTable implements Closeable {
    private static final int BLOCK_RUNS = 512;
    private static final int BLOCKS_IN_MEMORY = 1024;

    /** The first blocks, each an alternation of positions and numbers. */
    private final List<long[]> blocks = new ArrayList<>();
    /** The position of each block's first run. */
    private long[] firsts = new long[16];

    private long count;
    /** The block that grows; when the table is searched, the last one that was read from the file. */
    private long[] block = new long[2 * BLOCK_RUNS];

    private long blockNumber;
    private @Nullable TemporaryFile file;

    /** A run that contains a position; {@code end} is {@link Long#MAX_VALUE} for the last one. */
    record Run(long start, long end, long number) {}

    /** Adds a run. */
    void add(long start, long number) throws TargetException {
        int index = (int) (count % BLOCK_RUNS);
        if (index == 0) {
            beginBlock(Math.toIntExact(count / BLOCK_RUNS), start);
        }
        block[2 * index] = start;
        block[2 * index + 1] = number;
        count++;
        if (index == BLOCK_RUNS - 1 && blockNumber >= BLOCKS_IN_MEMORY) {
            append();
        }
    }

    private void beginBlock(int number, long start) {
        if (number == firsts.length) {
            firsts = Arrays.copyOf(firsts, 2 * number);
        }
        firsts[number] = start;
        blockNumber = number;
        if (number < BLOCKS_IN_MEMORY) {
            block = new long[2 * BLOCK_RUNS];
            blocks.add(block);
        } else if (number == BLOCKS_IN_MEMORY) {
            block = new long[2 * BLOCK_RUNS]; // the others in the file pass through this one
        }
    }

    private void append() throws TargetException {
        TemporaryFile target = file;
        if (target == null) {
            target = TemporaryFile.create("the places of a stream's chunks");
            file = target;
        }
        ByteBuffer bytes = ByteBuffer.allocate(block.length * Long.BYTES);
        bytes.asLongBuffer().put(block);
        target.append(bytes);
    }

    /** Ends the filling. */
    void complete() throws TargetException {
        if (count % BLOCK_RUNS != 0 && blockNumber >= BLOCKS_IN_MEMORY) {
            append();
        }
    }

    /** Returns the run that contains a position, which is not before that of the first one. */
    Run at(long position) throws IOException {
        int blockCount = Math.toIntExact((count + BLOCK_RUNS - 1) / BLOCK_RUNS);
        int number = floor(firsts, 1, blockCount, position);
        long[] found = block(number);
        int runs = (int) Math.min(BLOCK_RUNS, count - (long) number * BLOCK_RUNS);
        int index = floor(found, 2, runs, position);
        long next = Long.MAX_VALUE;
        if (index + 1 < runs) {
            next = found[2 * index + 2];
        } else if (number + 1 < blockCount) {
            next = firsts[number + 1];
        }
        return new Run(found[2 * index], next, found[2 * index + 1]);
    }

    /** Returns the last of {@code count} ascending keys, {@code step} apart, that is not above a position. */
    private static int floor(long[] keys, int step, int count, long position) {
        int low = 0;
        for (int high = count - 1; low < high; ) {
            int middle = (low + high + 1) >>> 1;
            if (keys[step * middle] <= position) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    private long[] block(int number) throws IOException {
        if (number < BLOCKS_IN_MEMORY) {
            return blocks.get(number);
        }
        TemporaryFile source = file;
        if (source == null) {
            throw new IllegalStateException("the table is not complete");
        }
        if (number != blockNumber) {
            blockNumber = -1;
            ByteBuffer bytes = ByteBuffer.allocate(block.length * Long.BYTES);
            source.read((long) (number - BLOCKS_IN_MEMORY) * bytes.capacity(), bytes);
            bytes.flip().asLongBuffer().get(block);
            blockNumber = number;
        }
        return block;
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }
}
