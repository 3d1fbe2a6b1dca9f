package io.blobstore.internal.prefetch;

/**
 * What somebody does with a blob, read by read, and how far ahead of him that makes it worth reading. Not thread-safe.
 *
 * <p>After gcsfs's adaptive prefetcher (fsspec/gcsfs, pull request 805): nothing is read ahead before three reads in
 * sequence, as two may be one of somebody else's read-ahead; then as much as was read in sequence before, up to a cap,
 * so that no more than about half of what was fetched can be in vain. Unlike there, the streak is counted in bytes read
 * for the first time, so that neither the size of requests nor reading the same again makes a difference; and reads at
 * regular distances are recognised.
 */
public final class AccessPattern {
    /** Reads in sequence, or equal distances, before anything is read ahead. */
    private static final int CERTAIN = 3;

    private static final int SIZES = 10;
    private static final long MIB = 1L << 20;
    /** Reads that differ in size, and are larger than this, are not read ahead of by more than one. */
    private static final long LARGE = 64 * MIB;
    /** What is read ahead of small reads at most. */
    private static final long WINDOW_OF_SMALL_READS = 128 * MIB;

    private final long cap;

    /** The last sizes, oldest overwritten first. */
    private final int[] sizes = new int[SIZES];

    private int nextSize;
    /** How many of them are known. */
    private int sizeCount;
    /** Bytes read for the first time since the last jump. */
    private long run;
    /** Where that run ends. */
    private long runEnd = Long.MIN_VALUE;

    private long lastOffset = Long.MIN_VALUE;
    private int lastLength;
    private long stride;
    private int strides;

    /**
     * A pattern of which nothing is known.
     *
     * @param cap the most bytes to read ahead
     */
    public AccessPattern(long cap) {
        this.cap = cap;
    }

    /**
     * Takes note of a read.
     *
     * @param length what was asked for, 1 or more
     * @param buffered whether it begins within what was read ahead: then it is no jump, wherever it is
     */
    public void read(long offset, int length, boolean buffered) {
        noteStride(offset, length);
        boolean jump = !buffered || strides >= CERTAIN;
        if (jump && offset != runEnd) {
            forgetRun();
            runEnd = offset;
        }
        sizes[nextSize] = length;
        nextSize = (nextSize + 1) % SIZES;
        sizeCount = Math.min(SIZES, sizeCount + 1);
        long end = offset > Long.MAX_VALUE - length ? Long.MAX_VALUE : offset + length;
        run += Math.max(0, end - Math.max(runEnd, offset));
        runEnd = Math.max(runEnd, end);
    }

    private void noteStride(long offset, int length) {
        long distance = offset - lastOffset;
        boolean regular = lastOffset != Long.MIN_VALUE && length == lastLength && distance != length && distance != 0;
        if (!regular) {
            strides = 0;
        } else if (distance == stride) {
            strides = Math.min(Integer.MAX_VALUE - 1, strides) + 1;
        } else {
            strides = 1;
        }
        stride = regular ? distance : 0;
        lastOffset = offset;
        lastLength = length;
    }

    /** Forgets everything, as after a failure. */
    public void reset() {
        forgetRun();
        lastOffset = Long.MIN_VALUE;
        strides = 0;
    }

    private void forgetRun() {
        nextSize = 0;
        sizeCount = 0;
        run = 0;
        runEnd = Long.MIN_VALUE;
    }

    /** How many bytes behind the last read should be fetched, or being fetched, by now; 0 for none. */
    public long window() {
        if (sizeCount < CERTAIN) { // the mean is rounded: two tiny reads may pass for three
            return 0;
        }
        long mean = mean();
        long streak = run / mean;
        if (streak < CERTAIN) {
            return 0;
        }
        boolean erratic = isVariable() && mean > LARGE;
        long multiplier = erratic || mean > cap ? 1 : streak - CERTAIN + 1;
        long io = multiplier == 1 ? lastLength : mean;
        long most = Math.min(cap, Math.max(2 * mean, WINDOW_OF_SMALL_READS));
        return Math.min(most, multiplier * io);
    }

    /**
     * How many reads at regular distances should be fetched ahead, each {@link #stride()} bytes from the one before; 0
     * for none.
     */
    public int stridesAhead() {
        return strides < CERTAIN ? 0 : (int) Math.min(strides - CERTAIN + 1, cap / lastLength);
    }

    /** The regular distance of reads, in bytes; negative if they go backwards. */
    public long stride() {
        return stride;
    }

    private long mean() {
        long sum = 0;
        for (int i = 0; i < sizeCount; i++) {
            sum += sizes[i];
        }
        return sum / sizeCount;
    }

    private boolean isVariable() {
        for (int i = 1; i < sizeCount; i++) {
            if (sizes[i] != sizes[0]) {
                return true;
            }
        }
        return false;
    }
}
