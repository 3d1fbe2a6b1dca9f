package io.blobstore.zstd.internal;

import io.blobstore.BlobSource;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Estimates from some samples whether content is worth compressing. */
public final class CompressionSample {
    /** Content that is not larger is stored as it is: the overhead of a frame eats the gain. */
    private static final int TOO_SMALL = 128;

    private static final int SAMPLES = 8;
    private static final int SAMPLE = 32 << 10;

    /** The least part of the content that must be saved is one in so many bytes. */
    private static final int LEAST_GAIN = 16;

    private CompressionSample() {}

    /**
     * Returns whether compression at level 1 saves at least 1/16 of the content, as far as up to 8 samples of 32 KiB,
     * spread evenly over it, tell.
     *
     * @throws IOException if the content cannot be read
     */
    public static boolean isWorthwhile(BlobSource content) throws IOException {
        if (content.size() <= TOO_SMALL) {
            return false;
        }
        int length = (int) Math.min(content.size(), SAMPLE);
        int count = (int) Math.min(SAMPLES, (content.size() + length - 1) / length);
        long compressed = 0;
        try (PooledBuffer sample = DirectBufferPool.shared().take(length);
                PooledBuffer target = DirectBufferPool.shared().take(FrameEncoder.bound(length));
                FrameEncoder encoder = new FrameEncoder(1)) {
            for (int i = 0; i < count; i++) {
                long offset = count == 1 ? 0 : (content.size() - length) / (count - 1) * i;
                ByteBuffer bytes = sample.buffer().clear();
                content.slice(offset, length).forEachBuffer(length, bytes::put);
                encoder.encode(bytes.flip(), target.buffer().clear());
                compressed += target.buffer().position();
            }
        }
        long sampled = (long) count * length;
        return compressed <= sampled - sampled / LEAST_GAIN;
    }
}
