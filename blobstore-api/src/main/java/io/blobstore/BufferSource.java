package io.blobstore;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;

/** One buffer's content. Somebody else keeps its memory alive. */
final class BufferSource implements BlobSource {
    private final ByteBuffer content;

    /** Takes a read-only buffer at position 0 that nobody else has. */
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
    public Lease acquire() {
        return new UnownedLease(size() == 0 ? List.of() : List.of(content.duplicate()));
    }

    @Override
    public RetainedSource retain() {
        return new RetainedSource(this, new UnownedLease(List.of()));
    }

    @Override
    public String toString() {
        return "BufferSource[" + size() + (content.isDirect() ? " direct bytes]" : " heap bytes]");
    }
}
