package io.blobstore.zstd.internal;

import io.blobstore.BlobSource;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;

/**
 * Compresses frames in parallel, and hands them on in order. One thread adds frames; it compresses as well while it
 * would wait, so that an executor without a free thread delays nothing.
 */
public final class FrameCompressor implements Closeable {
    /** Receives the compressed frames in order, by the thread that adds them. */
    public interface Sink {
        /**
         * Receives a frame.
         *
         * @param contentLength the number of bytes of content
         * @param stored the compressed frame, from position to limit; valid until this returns
         */
        void frame(int contentLength, ByteBuffer stored) throws IOException;
    }

    /**
     * Creates a compressor.
     *
     * @param executor runs up to {@code threads} tasks at a time
     * @param level the compression level of zstd
     */
    public FrameCompressor(Executor executor, int threads, int level, Sink sink) {
        throw new UnsupportedOperationException();
    }

    /**
     * Adds a frame, and returns when its content was hashed; it may be compressed later. The content must stay readable
     * until then: {@code done} is run when it is no longer touched, by any thread.
     *
     * @param content 1 byte to 64 MiB
     */
    public void add(BlobSource content, Runnable done) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Waits until all frames were handed on, and returns the digest of the content. */
    public ContentDigest finish() throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Stops, and waits until no thread touches a content any more. Idempotent. */
    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
