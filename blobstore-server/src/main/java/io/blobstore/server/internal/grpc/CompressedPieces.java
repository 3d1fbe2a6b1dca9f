package io.blobstore.server.internal.grpc;

import io.blobstore.cas.CachedContent;
import io.blobstore.cas.StoredContent;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.server.internal.CacheAccess;
import io.blobstore.server.internal.ContentRead;
import io.blobstore.server.internal.ReadMemory.Chunk;
import io.blobstore.zstd.internal.FrameEncoder;
import io.blobstore.zstd.internal.IdleObjects;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Content from an offset on as zstd frames: first what has to be compressed, then frames as they are stored.
 *
 * <pre>
 * stored as frames   offset 0: the whole file      offset at a frame: from that frame on
 *                    offset inside of a frame: the rest of that frame is compressed again, then from the next one on
 * stored as it is    everything is compressed
 * </pre>
 */
final class CompressedPieces implements Messages<Piece> {
    private final IdleObjects<FrameEncoder> encoders;
    private final ContentRead plain;
    private final ContentRead frames;
    /** Content of no bytes is a frame nevertheless: decoders refuse a stream without any. */
    private boolean empty;

    private CompressedPieces(IdleObjects<FrameEncoder> encoders, ContentRead plain, ContentRead frames, boolean empty) {
        this.encoders = encoders;
        this.plain = plain;
        this.frames = frames;
        this.empty = empty;
    }

    /**
     * Returns the pieces of content, which is closed with them, or if this fails.
     *
     * @param from the first byte of the content, or its size
     */
    static CompressedPieces open(CachedContent content, CacheAccess cache, long from) throws IOException {
        boolean opened = false;
        try {
            StoredContent stored = content.stored();
            long size = content.digest().size();
            long plainEnd = size;
            long framesStart = stored.size();
            if (stored.encoding() == StoredContent.Encoding.ZSTD && from < size) {
                StoredContent.Frame frame = stored.frameAt(from);
                boolean whole = frame.contentStart() == from;
                plainEnd = whole ? from : frame.contentEnd();
                framesStart = from == 0 ? 0 : whole ? frame.storedStart() : frame.storedEnd();
            }
            CompressedPieces pieces = new CompressedPieces(
                    cache.encoders(),
                    ContentRead.decoded(content, cache.memory(), from, plainEnd),
                    ContentRead.stored(stored, content, cache.memory(), framesStart, stored.size()),
                    size == 0);
            opened = true;
            return pieces;
        } finally {
            if (!opened) {
                content.close();
            }
        }
    }

    @Override
    public Optional<Piece> next(int maxBytes) throws IOException {
        if (plain.remaining() > 0) {
            try (Chunk chunk = plain.next(maxBytes)) {
                return Optional.of(encode(chunk.buffer()));
            }
        }
        if (frames.remaining() > 0) {
            Chunk chunk = frames.next(maxBytes);
            return Optional.of(new Piece(chunk.buffer(), chunk::close));
        }
        if (empty) {
            empty = false;
            return Optional.of(encode(ByteBuffer.allocateDirect(0)));
        }
        return Optional.empty();
    }

    /** Compresses content to a frame of its own. */
    private Piece encode(ByteBuffer content) throws IOException {
        PooledBuffer memory = DirectBufferPool.shared().take(FrameEncoder.bound(content.remaining()));
        FrameEncoder encoder = encoders.take();
        boolean complete = false;
        try {
            encoder.encode(content, memory.buffer());
            complete = true;
            return new Piece(memory.buffer().flip(), memory::close);
        } finally {
            encoders.give(encoder);
            if (!complete) {
                memory.close();
            }
        }
    }

    @Override
    public void discard(Piece piece) {
        piece.discard();
    }

    @Override
    public void close() throws IOException {
        plain.close(); // and with it the content, which both read
    }
}
