package io.blobstore.zstd.internal;

import io.blobstore.BlobSource;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A frame of a {@link FrameCompressor}: its content, then its compressed form. Used by one thread after another. */
final class FrameJob implements Closeable {
    /** The most buffers of a frame: a copy of its content, and its compressed form. */
    static final int MAX_BUFFERS = 2;

    private final int contentLength;
    /** What is compressed; null if it is a copy. */
    private final @Nullable BlobSource content;

    private final @Nullable PooledBuffer copy;
    /** Emptied when it is run, which happens once. */
    private final AtomicReference<@Nullable Runnable> done;

    private @Nullable PooledBuffer stored;
    private @Nullable Throwable failure;

    /**
     * Whether it was compressed, or that failed. Guarded by the compressor's lock, which publishes the fields above.
     */
    boolean finished;

    /** Creates a frame that is compressed from its source's memory. */
    FrameJob(BlobSource content, Runnable done) {
        this.contentLength = (int) content.size();
        this.content = content;
        this.copy = null;
        this.done = new AtomicReference<>(done);
    }

    /** Creates a frame that is compressed from a copy of its content, which belongs to it. */
    FrameJob(PooledBuffer copy) {
        this.contentLength = copy.buffer().remaining();
        this.content = null;
        this.copy = copy;
        this.done = new AtomicReference<>();
    }

    int contentLength() {
        return contentLength;
    }

    /** Returns the number of buffers that it takes to compress this. */
    int buffers() {
        return copy == null ? 1 : MAX_BUFFERS;
    }

    void run(FrameEncoder encoder) throws IOException {
        PooledBuffer target = DirectBufferPool.shared().take(FrameEncoder.bound(contentLength));
        stored = target;
        if (copy != null) {
            encoder.encode(copy.buffer(), target.buffer());
        } else if (content != null) {
            content.forEachBuffer(contentLength, buffer -> {
                if (buffer.remaining() != contentLength) {
                    throw new IOException("the source showed its content in other buffers than before");
                }
                encoder.encode(buffer, target.buffer());
            });
        }
        target.buffer().flip();
    }

    void fail(Throwable failure) {
        this.failure = failure;
    }

    /** Returns the compressed frame, or throws why there is none. */
    ByteBuffer stored() throws IOException {
        if (failure instanceof IOException e) {
            throw e;
        } else if (failure instanceof RuntimeException e) {
            throw e;
        } else if (failure instanceof Error e) {
            throw e;
        } else if (stored == null) {
            throw new IllegalStateException("not compressed yet");
        }
        return stored.buffer();
    }

    /** Declares that no thread touches the content any more. */
    void releaseContent() {
        if (copy != null) {
            copy.close();
        }
        Runnable run = done.getAndSet(null);
        if (run != null) {
            run.run();
        }
    }

    /** Releases all memory. */
    @Override
    public void close() {
        releaseContent();
        if (stored != null) {
            stored.close();
        }
    }
}
