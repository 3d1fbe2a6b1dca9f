package io.blobstore.cache;

import io.blobstore.BlobSource;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.RetainedSource;
import io.blobstore.cas.CachedContent;
import io.blobstore.cas.StoredContent;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * Content of the cache as a source, under a lease that its owner holds for longer. Thread-safe.
 *
 * @param content the content
 * @param bytes reads the bytes of this source
 * @param offset the first byte of this source
 * @param size the number of bytes
 */
record CachedSource(CachedContent content, Bytes bytes, long offset, long size) implements BlobSource {
    /** The largest buffer: a frame is decoded into it without another copy. */
    private static final int MAX_BUFFER = 1 << 20;

    /** Reads content in some form. */
    interface Bytes {
        /** Reads into all that remains of a buffer. */
        void read(long offset, ByteBuffer target) throws IOException;
    }

    /** Returns the content as it is. */
    static CachedSource of(CachedContent content) {
        return new CachedSource(
                content,
                (offset, target) ->
                        content.read(ByteRange.of(offset, target.remaining()), BlobTarget.Window.of(target)),
                0,
                content.digest().size());
    }

    /** Returns the content in the form in which the cache stores it. */
    static CachedSource stored(CachedContent content, StoredContent stored) {
        return new CachedSource(content, stored::read, 0, stored.size());
    }

    @Override
    public BlobSource slice(long from, long length) {
        Objects.checkFromIndexSize(from, length, size);
        return new CachedSource(content, bytes, offset + from, length);
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
                int length = (int) Math.min(most, size - at);
                ByteBuffer buffer = memory.buffer().clear().limit(length);
                bytes.read(offset + at, buffer);
                buffer.flip();
                for (int from = 0; from < length; from += maxBufferSize) {
                    visitor.visit(buffer.slice(from, Math.min(maxBufferSize, length - from))
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
