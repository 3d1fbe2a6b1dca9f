package io.blobstore.zstd.internal;

import java.io.Closeable;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What many compressors share: encoders of one level, and a bound of the frames that they have in memory together.
 * Thread-safe.
 */
public final class SharedEncoders implements Closeable {
    private final IdleObjects<FrameEncoder> idle;
    private final int maxBuffers;
    private final AtomicInteger buffers = new AtomicInteger();

    /**
     * Creates the encoders, none yet.
     *
     * @param level the compression level of zstd, or {@link FrameEncoder#STORED}
     * @param checksums whether each frame has a checksum
     * @param maxIdle the most encoders that are kept while nobody uses them
     * @param maxBuffers the most buffers of the size of a frame that all compressors use together, besides those of one
     *     frame for each of them
     */
    public SharedEncoders(int level, boolean checksums, int maxIdle, int maxBuffers) {
        FrameEncoder.requireLevel(level);
        this.idle = new IdleObjects<>(() -> new FrameEncoder(level, checksums), FrameEncoder::close, maxIdle);
        this.maxBuffers = maxBuffers;
    }

    /** Returns the encoders. */
    public IdleObjects<FrameEncoder> idle() {
        return idle;
    }

    /** Returns whether there is room for a further frame of a compressor that has one already. */
    boolean hasRoom() {
        return buffers.get() + FrameJob.MAX_BUFFERS <= maxBuffers;
    }

    void add(int change) {
        buffers.addAndGet(change);
    }

    /** Returns how many buffers are in use; for tests. */
    int buffers() {
        return buffers.get();
    }

    /** Destroys the encoders: those in use when they are given back. Idempotent. */
    @Override
    public void close() {
        idle.close();
    }
}
