package io.blobstore.split.internal.blocks;

import io.blobstore.split.SplitInput;
import io.blobstore.split.SplitSink;
import io.blobstore.split.Splitter;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Cuts where the content says so: FastCDC, of Wen Xia et al., "FastCDC: a Fast and Efficient Content-Defined Chunking
 * Approach for Data Deduplication", USENIX ATC 2016, with its Gear hash, normalized chunking of level 2, and the
 * skipping of bytes before the smallest chunk.
 *
 * <p>The Gear hash of a position is a sum over the 64 bytes before it: each step shifts it to the left by one and adds
 * a random number for the byte. A chunk ends where the highest bits of the hash are zero: {@value #BITS_BEFORE} bits
 * before the wanted average, {@value #BITS_AFTER} after it, which narrows the distribution of sizes; at the maximum it
 * ends anyway.
 *
 * <p>The table of numbers and the sizes are part of what is stored: with others, nothing is found again. They must not
 * be changed.
 */
public final class ContentDefinedSplitter implements Splitter {
    /** The smallest chunk, except for the last one, in bytes. */
    public static final int MIN = 16 << 10;
    /** The wanted average of the chunks, in bytes. */
    public static final int AVERAGE = 256 << 10;
    /** The largest chunk in bytes. */
    public static final int MAX = 1 << 20;

    private static final int BITS_BEFORE = 20;
    private static final int BITS_AFTER = 16;

    /** The only instance. */
    public static final ContentDefinedSplitter INSTANCE = new ContentDefinedSplitter();

    private static final long[] GEAR = gear();

    private ContentDefinedSplitter() {}

    /**
     * Returns 256 numbers of the generator SplitMix64, of Guy L. Steele Jr., Doug Lea and Christine H. Flood, "Fast
     * Splittable Pseudorandom Number Generators", OOPSLA 2014, with the seed 0.
     */
    private static long[] gear() {
        long[] table = new long[256];
        long state = 0;
        for (int i = 0; i < table.length; i++) {
            state += 0x9E3779B97F4A7C15L;
            long z = state;
            z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
            z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
            table[i] = z ^ (z >>> 31);
        }
        return table;
    }

    @Override
    public void split(SplitInput input, SplitSink sink) throws IOException {
        for (ByteBuffer next = input.peek(MAX); next.hasRemaining(); next = input.peek(MAX)) {
            sink.object(cut(next), null);
        }
    }

    /**
     * Returns the length of the chunk at the beginning of some content.
     *
     * @param content at least {@value #MAX} bytes, or all that there are; position and limit are unchanged
     */
    static int cut(ByteBuffer content) {
        int start = content.position();
        int length = Math.min(content.remaining(), MAX);
        if (length <= MIN) {
            return length;
        }
        int average = Math.min(AVERAGE, length);
        long hash = 0;
        int at = MIN;
        for (; at < average; at++) {
            hash = (hash << 1) + GEAR[content.get(start + at) & 0xff];
            if (hash >>> (Long.SIZE - BITS_BEFORE) == 0) {
                return at + 1;
            }
        }
        for (; at < length; at++) {
            hash = (hash << 1) + GEAR[content.get(start + at) & 0xff];
            if (hash >>> (Long.SIZE - BITS_AFTER) == 0) {
                return at + 1;
            }
        }
        return length;
    }
}
