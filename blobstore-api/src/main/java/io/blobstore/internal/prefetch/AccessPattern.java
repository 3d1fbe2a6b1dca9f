package io.blobstore.internal.prefetch;

/**
 * Detects sequential and strided reads of a blob, and decides how far to prefetch. Not thread-safe.
 *
 * <p>Follows gcsfs's adaptive prefetcher (fsspec/gcsfs, pull request 805): nothing is prefetched before three
 * sequential reads; then as many bytes as were read sequentially before, up to a cap, so that at most about half of the
 * fetched bytes are wasted. Unlike there, the streak is counted in bytes read for the first time, so that neither
 * request sizes nor repeated reads matter; reads at regular distances are detected; and if one run of sequential reads
 * follows another, as in an archive whose members are read, the next one is expected to be as long as the last two.
 */
public final class AccessPattern {
    /** Sequential reads, or equal distances, before anything is prefetched. */
    private static final int CERTAIN = 3;

    private static final int SIZES = 10;
    /** Runs of several reads, before the length of the next is expected to be the same. */
    private static final int RUNS = 2;

    private static final long MIB = 1L << 20;
    /** For reads of different sizes larger than this, no more than one is prefetched. */
    private static final long LARGE = 64 * MIB;
    /** The maximum prefetch window for small reads. */
    private static final long WINDOW_OF_SMALL_READS = 128 * MIB;

    private final long cap;

    /** The last sizes, as a ring buffer. */
    private final int[] sizes = new int[SIZES];

    private int nextSize;
    /** The number of valid sizes. */
    private int sizeCount;
    /** Bytes read for the first time since the last jump. */
    private long run;
    /** The beginning and the end of that run. */
    private long runStart = Long.MIN_VALUE;

    private long runEnd = Long.MIN_VALUE;

    /** The lengths of the last run, and of the one before. */
    private long lastRun;

    private long runBefore;
    /** The number of runs, since the last one of a single read. */
    private int runCount;

    private long lastOffset = Long.MIN_VALUE;
    private int lastLength;
    private long stride;
    private int strides;

    /**
     * Creates a pattern without history.
     *
     * @param cap the maximum number of bytes to prefetch
     */
    public AccessPattern(long cap) {
        this.cap = cap;
    }

    /**
     * Records a read.
     *
     * @param length the number of bytes requested, 1 or more
     * @param buffered whether it starts within prefetched bytes: then it is not a jump
     */
    public void read(long offset, int length, boolean buffered) {
        noteStride(offset, length);
        boolean jump = !buffered || strides >= CERTAIN;
        if (jump && offset != runEnd) {
            endRun();
            forgetRun();
            runStart = offset;
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

    private void endRun() {
        runBefore = lastRun;
        lastRun = run;
        runCount = sizeCount > 1 ? Math.min(RUNS, runCount + 1) : 0;
    }

    /** Clears the history, for example after a failure. */
    public void reset() {
        forgetRun();
        runCount = 0;
        lastOffset = Long.MIN_VALUE;
        strides = 0;
    }

    private void forgetRun() {
        nextSize = 0;
        sizeCount = 0;
        run = 0;
        runStart = Long.MIN_VALUE;
        runEnd = Long.MIN_VALUE;
    }

    /** Returns the number of bytes after the last read that should be prefetched or in flight; 0 for none. */
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

    /** Returns the position at which the current run of sequential reads began. */
    public long runStart() {
        return runStart;
    }

    /**
     * Returns the number of bytes after the last read that will probably be read next, as the last two runs were not
     * shorter; 0 if they do not tell.
     */
    public long expected() {
        return runCount < RUNS ? 0 : Math.max(0, Math.min(lastRun, runBefore) - run);
    }

    /**
     * Returns the number of bytes after the last read at which this run will probably have ended, as the last two were
     * not longer; the largest number if they do not tell.
     */
    public long atMost() {
        long left = Math.max(lastRun, runBefore) - run;
        return runCount < RUNS || left < 0 ? Long.MAX_VALUE : left;
    }

    /**
     * Returns the number of reads at regular distances to prefetch, each {@link #stride()} bytes from the one before; 0
     * for none.
     */
    public int stridesAhead() {
        return strides < CERTAIN ? 0 : (int) Math.min(strides - CERTAIN + 1, cap / lastLength);
    }

    /** Returns the regular distance of reads, in bytes; negative if they move backwards. */
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
