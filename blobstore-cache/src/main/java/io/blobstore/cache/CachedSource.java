package io.blobstore.cache;

import io.blobstore.BlobSource;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.RetainedSource;
import io.blobstore.cas.CachedContent;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * Content of the cache as a source, under a lease that its owner holds for longer. Thread-safe.
 *
 * @param content the content
 * @param offset the first byte of this source in the content
 * @param size the number of bytes
 */
record CachedSource(CachedContent content, long offset, long size) implements BlobSource {
    /** The largest buffer: a frame is decoded into it without another copy. */
    private static final int MAX_BUFFER = 1 << 20;

    static CachedSource of(CachedContent content) {
        return new CachedSource(content, 0, content.digest().size());
    }

    @Override
    public BlobSource slice(long from, long length) {
        Objects.checkFromIndexSize(from, length, size);
        return new CachedSource(content, offset + from, length);
    }

    @Override
    public RetainedSource retain() {
        return RetainedSource.of(this, () -> {});
    }

    @Override
    public void forEachBuffer(int maxBufferSize, BufferVisitor visitor) throws IOException {
        if (maxBufferSize < 1) {
            throw new IllegalArgumentException("maxBufferSize must be positive; got " + maxBufferSize);
        }
        int most = (int) Math.min(size, MAX_BUFFER);
        try (PooledBuffer memory = DirectBufferPool.shared().take(most)) {
            for (long at = 0; at < size; at += most) {
                int bytes = (int) Math.min(most, size - at);
                ByteBuffer buffer = memory.buffer().clear().limit(bytes);
                content.read(ByteRange.of(offset + at, bytes), BlobTarget.Window.of(buffer));
                buffer.flip();
                for (int from = 0; from < bytes; from += maxBufferSize) {
                    visitor.visit(buffer.slice(from, Math.min(maxBufferSize, bytes - from))
                            .asReadOnlyBuffer());
                }
            }
        }
    }

    @Override
    public void checkUnchanged() {
        // content of a digest never changes
    }
}
