package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ReadResult;
import io.blobstore.internal.prefetch.PrefetchMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Reads large blobs in parallel ranges, straight into memory that the caller owns, or into a file.
 *
 * <p>The first request tells how large the blob is. What is larger than one part is then read side by side under two
 * limits: parts per transfer ({@link DownloadOptions#concurrency()}) and bytes in flight over all transfers of this
 * reader ({@link Builder#maxBytesInFlight}). All parts are of one version: a blob that is replaced meanwhile is a
 * {@link io.blobstore.PreconditionFailedException}, and never a mixture. Each part is retried by itself, from the byte
 * on that had been reached. The first part that fails for good stops the others, and the transfer fails after the last
 * of them has let go of the memory.
 *
 * <p>The checksums of the parts are combined, in whatever order they arrived. If the whole blob was read, the result is
 * compared with what the store says. If it says nothing, one more request at the end finds out whether the version is
 * still there: some servers look at the version first, and answer then with what replaced it meanwhile.
 *
 * <p>A reader is meant to be shared: it is the bound on requests under way and, with the default executor, on threads.
 * Thread-safe.
 */
public final class ParallelReader extends TransferEngine {
    /** What a connection of 50 MiB/s gives in 20 ms. */
    private static final long DEFAULT_MAX_GAP = 1 << 20;

    private final PrefetchMemory readAheadMemory;

    private ParallelReader(Builder builder) {
        super(builder);
        readAheadMemory = new PrefetchMemory(builder.readAheadMemory);
    }

    PrefetchMemory readAheadMemory() {
        return readAheadMemory;
    }

    /** A reader with everything at its default. */
    public static ParallelReader create() {
        return builder().build();
    }

    /** A builder with everything at its default. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Begins a read with default options; see {@link #read(BlobStore, BlobKey, ByteRange, BlobTarget,
     * DownloadOptions)}.
     */
    public Transfer<ReadResult> read(BlobStore store, BlobKey key, ByteRange range, BlobTarget target)
            throws IOException {
        return read(store, key, range, target, DownloadOptions.DEFAULT);
    }

    /**
     * Begins a read and returns at once. The target is held from now until the transfer has completed: a mapped file
     * may be closed meanwhile, and is unmapped after that. What the transfer fails with is what {@link BlobStore#read}
     * throws.
     *
     * @throws IllegalArgumentException if the target is smaller than an exact range
     * @throws IllegalStateException if this reader, or the target's memory, is closed, or that is mapped read-only
     * @throws IOException if the target cannot be opened; a missing directory, say
     * @throws java.util.concurrent.RejectedExecutionException if the executor does not take the transfer
     */
    public Transfer<ReadResult> read(
            BlobStore store, BlobKey key, ByteRange range, BlobTarget target, DownloadOptions options)
            throws IOException {
        requireOpen();
        Download download = enter(new Download(store, key, range, target, options, this));
        download.start();
        return download;
    }

    /**
     * Begins a vectored read with default options; see {@link #readVectored(BlobStore, BlobKey, List, IntFunction,
     * long, DownloadOptions)}.
     */
    public Transfer<List<ByteBuffer>> readVectored(
            BlobStore store, BlobKey key, List<ByteRange> ranges, IntFunction<ByteBuffer> allocator) {
        return readVectored(store, key, ranges, allocator, DEFAULT_MAX_GAP, DownloadOptions.DEFAULT);
    }

    /**
     * Begins to read many ranges of a blob, all of one version. Those that are near each other are asked for together:
     * as long as no more than {@code maxGap} bytes lie between them, and the whole is not larger than a part. What lies
     * between is read, too.
     *
     * <p>The transfer gives a buffer for each range, in the order of the ranges: from position 0 to the limit, a slice
     * of what the allocator gave. Ranges that overlap share their bytes. The parts of a blob have no checksum to
     * compare with.
     *
     * @param ranges exact ones, in any order; empty ones are not asked for
     * @param allocator called on this thread with a number of bytes, once for neighbours together, before anything is
     *     asked for; direct buffers are filled without a copy
     * @param maxGap in bytes; worth it is about what a connection gives in the time of an answer
     * @throws IllegalArgumentException if a range is not exact or larger than a buffer can be, or a buffer is too small
     *     or read-only
     * @throws IllegalStateException if this reader is closed
     * @throws java.util.concurrent.RejectedExecutionException if the executor does not take the transfer
     */
    public Transfer<List<ByteBuffer>> readVectored(
            BlobStore store,
            BlobKey key,
            List<ByteRange> ranges,
            IntFunction<ByteBuffer> allocator,
            long maxGap,
            DownloadOptions options) {
        requireOpen();
        VectoredRead read = enter(new VectoredRead(store, key, ranges, allocator, maxGap, options, this));
        read.start();
        return read;
    }

    /** Opens a blob with default options; see {@link #open(BlobStore, BlobKey, ReaderOptions)}. */
    public BlobReader open(BlobStore store, BlobKey key) {
        return open(store, key, ReaderOptions.DEFAULT);
    }

    /**
     * Opens a blob, to be read as a file is. Asks nothing of the store yet.
     *
     * @return a reader of this blob, to be closed by the caller before this object, and before the store
     * @throws IllegalStateException if this reader is closed
     */
    public BlobReader open(BlobStore store, BlobKey key, ReaderOptions options) {
        requireOpen();
        return new BlobReader(new PinnedVersionReads(this, store, key, options), readAheadMemory);
    }

    /** Builds a reader. Not thread-safe. */
    public static final class Builder extends TransferEngine.Builder<Builder> {
        private long readAheadMemory = 256L << 20;

        private Builder() {}

        /**
         * Sets the most bytes off the heap that all {@link BlobReader}s of this reader read ahead into, together;
         * default 256 MiB. Made when needed, 16 MiB at a time, and divided evenly among those who read ahead; who gets
         * none reads without.
         */
        public Builder readAheadMemory(long bytes) {
            readAheadMemory = bytes;
            return this;
        }

        @Override
        Builder self() {
            return this;
        }

        /** Builds the reader, to be closed by the caller. */
        public ParallelReader build() {
            return new ParallelReader(this);
        }
    }
}
