package io.blobstore.zstd;

import io.blobstore.BlobTarget;
import io.blobstore.Crc32c;
import io.blobstore.TargetException;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.zstd.internal.FrameDecoder;
import io.blobstore.zstd.internal.FrameFormatException;
import io.blobstore.zstd.internal.FrameTable;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Receives a run of stored frames, one after another, and decodes each into the target of a read as soon as it is
 * complete: into the target's own memory where all of the frame is wanted, and there is direct memory for it; otherwise
 * into a buffer, from which the wanted part is copied. Frames that are wanted in part are put into a cache.
 *
 * <p>Memory: one stored frame, and one decoded frame if the target is not direct or a part of it is wanted. Not
 * thread-safe.
 */
final class FrameWindow implements BlobTarget.Window {
    private final CompressedBlob blob;
    private final FrameTable table;
    private final FrameCache cache;
    private final BlobTarget.Window target;
    /** The range of the content that is wanted. */
    private final long from;

    private final long to;
    private final int last;

    private final FrameDecoder decoder = new FrameDecoder();
    private @Nullable PooledBuffer memory;
    private ByteBuffer stored = ByteBuffer.allocate(0);
    private @Nullable PooledBuffer decoded;
    private final CRC32C checksum = new CRC32C();

    private int frame;
    private long delivered;
    private @Nullable FrameFormatException damage;

    /** Creates a window for the frames that hold a range of the content, which is not empty. */
    FrameWindow(CompressedBlob blob, long from, long to, BlobTarget.Window target, FrameCache cache) {
        this.blob = blob;
        this.table = blob.table();
        this.target = target;
        this.cache = cache;
        this.from = from;
        this.to = to;
        this.frame = table.frameAt(from);
        this.last = table.frameAt(to - 1);
    }

    /** Delivers the first frames, as far as they are in the cache. */
    void deliverCached() throws TargetException {
        while (frame <= last) {
            FrameCache.CachedFrame cached = cache.find(blob, frame).orElse(null);
            if (cached == null) {
                return;
            }
            try (cached) {
                deliverPart(cached.content());
            }
            frame++;
        }
    }

    /** Returns whether all was delivered. */
    boolean isComplete() {
        return frame > last;
    }

    /** Prepares for the first frame that was not delivered, and returns the offset at which it is stored. */
    long begin() {
        int largest = 0;
        for (int i = frame; i <= last; i++) {
            largest = Math.max(largest, (int) table.storedLength(i));
        }
        PooledBuffer buffer = DirectBufferPool.shared().take(largest);
        memory = buffer;
        stored = buffer.buffer().limit((int) table.storedLength(frame));
        return table.storedOffset(frame);
    }

    @Override
    public long remaining() {
        return frame > last ? 0 : table.storedOffset(last + 1) - table.storedOffset(frame) - stored.position();
    }

    @Override
    public ByteBuffer buffer() throws TargetException {
        if (frame <= last && !stored.hasRemaining()) {
            decode();
        }
        return stored;
    }

    /** Decodes the last frame, after all stored bytes were put. */
    void finish() throws TargetException {
        buffer();
    }

    /** Decodes the frame that is complete, and prepares the buffer for the next one. */
    private void decode() throws TargetException {
        ByteBuffer bytes = stored.flip();
        long start = table.contentOffset(frame);
        long end = start + table.contentLength(frame);
        try {
            if (start >= from && end <= to && decodesInto(target.buffer(), (int) (end - start))) {
                ByteBuffer wanted = target.buffer();
                decoder.decode(table, frame, bytes, wanted);
                deliver(wanted.slice(wanted.position(), (int) (end - start)));
                wanted.position(wanted.position() + (int) (end - start));
            } else {
                boolean kept = start < from || end > to;
                PooledBuffer whole = decoded((int) (end - start), kept);
                decoder.decode(table, frame, bytes, whole.buffer().clear());
                deliverPart(whole.buffer());
                if (kept) {
                    decoded = null;
                    cache.put(blob, frame, whole, (int) (end - start));
                }
            }
        } catch (FrameFormatException e) {
            damage = e;
            throw new TargetException("decompression", String.valueOf(e.getMessage()), e);
        }
        frame++;
        bytes.clear().limit(frame > last ? 0 : (int) table.storedLength(frame));
    }

    /** Delivers what is wanted of the current frame, whose content begins at 0. */
    private void deliverPart(ByteBuffer content) throws TargetException {
        long start = table.contentOffset(frame);
        int skip = (int) (Math.max(from, start) - start);
        ByteBuffer wanted =
                content.slice(skip, (int) (Math.min(to, start + table.contentLength(frame)) - start) - skip);
        target.put(wanted.duplicate());
        deliver(wanted);
    }

    private static boolean decodesInto(ByteBuffer memory, int length) {
        return memory.isDirect() && memory.remaining() >= length;
    }

    /** Returns memory for a decoded frame, of exactly its size if that is kept: it would keep that of a larger one. */
    private PooledBuffer decoded(int length, boolean exact) {
        PooledBuffer buffer = decoded;
        int capacity = buffer == null ? 0 : buffer.buffer().capacity();
        if (buffer != null && (exact ? capacity != length : capacity < length)) {
            buffer.close();
            buffer = null;
        }
        if (buffer == null) {
            buffer = DirectBufferPool.shared().take(length);
        }
        decoded = buffer;
        return buffer;
    }

    private void deliver(ByteBuffer content) {
        delivered += content.remaining();
        checksum.update(content);
    }

    /** Returns the number of bytes of content that were put into the target. */
    long delivered() {
        return delivered;
    }

    /** Returns the checksum of the content that was put into the target. */
    Crc32c checksum() {
        return new Crc32c((int) checksum.getValue());
    }

    /** Returns why a frame could not be decoded. */
    Optional<FrameFormatException> damage() {
        return Optional.ofNullable(damage);
    }

    /** Releases the memory; the target is not closed. */
    @Override
    public void close() {
        decoder.close();
        if (memory != null) {
            memory.close();
        }
        if (decoded != null) {
            decoded.close();
        }
    }
}
