package io.blobstore;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;

/** The content of one buffer, whose owner keeps its memory alive. */
final class BufferSource implements BlobSource {
    private final ByteBuffer content;

    /** Creates a source of a read-only buffer at position 0 that is not shared. */
    private BufferSource(ByteBuffer content) {
        this.content = content;
    }

    static BlobSource of(ByteBuffer... content) {
        List<BufferSource> sources = List.of(content).stream()
                .map(buffer -> new BufferSource(buffer.slice().asReadOnlyBuffer()))
                .toList();
        return ConcatSource.of(sources);
    }

    @Override
    public long size() {
        return content.limit();
    }

    @Override
    public BlobSource slice(long offset, long length) {
        Objects.checkFromIndexSize(offset, length, size());
        return new BufferSource(content.slice((int) offset, (int) length));
    }

    @Override
    public RetainedSource retain() {
        return RetainedSource.of(this, () -> {});
    }

    @Override
    public void forEachBuffer(int maxBufferSize, BufferVisitor visitor) throws IOException {
        requirePositive(maxBufferSize);
        visitSlices(content, maxBufferSize, visitor);
    }

    /** Visits a buffer from 0 to its limit, in slices of at most {@code maxSize} bytes. */
    static void visitSlices(ByteBuffer buffer, int maxSize, BufferVisitor visitor) throws IOException {
        for (int at = 0, size; at < buffer.limit(); at += size) {
            size = Math.min(maxSize, buffer.limit() - at);
            visitor.visit(buffer.slice(at, size));
        }
    }

    static void requirePositive(int maxBufferSize) {
        if (maxBufferSize <= 0) {
            throw new IllegalArgumentException("maxBufferSize must be positive; got " + maxBufferSize);
        }
    }

    @Override
    public void checkUnchanged() {
        // no file
    }

    @Override
    public String toString() {
        return "BufferSource[" + size() + (content.isDirect() ? " direct bytes]" : " heap bytes]");
    }
}
