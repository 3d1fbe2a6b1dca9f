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
 * into a buffer, from which the wanted part is copied.
 *
 * <p>Memory: one stored frame, and one decoded frame if the target is not direct or a part of it is wanted. Not
 * thread-safe.
 */
final class FrameWindow implements BlobTarget.Window {
    private final FrameTable table;
    private final BlobTarget.Window target;
    /** The range of the content that is wanted. */
    private final long from;

    private final long to;
    private final int last;

    private final FrameDecoder decoder = new FrameDecoder();
    private final PooledBuffer stored;
    private @Nullable PooledBuffer decoded;
    private final CRC32C checksum = new CRC32C();

    private int frame;
    private long delivered;
    private @Nullable FrameFormatException damage;

    /** Creates a window for the frames that hold a range of the content, which is not empty. */
    FrameWindow(FrameTable table, long from, long to, BlobTarget.Window target) {
        this.table = table;
        this.target = target;
        this.from = from;
        this.to = to;
        this.frame = table.frameAt(from);
        this.last = table.frameAt(to - 1);
        int largest = 0;
        for (int i = frame; i <= last; i++) {
            largest = Math.max(largest, (int) table.storedLength(i));
        }
        this.stored = DirectBufferPool.shared().take(largest);
        stored.buffer().limit((int) table.storedLength(frame));
    }

    /** Returns the offset at which the frames are stored. */
    long storedOffset() {
        return table.storedOffset(table.frameAt(from));
    }

    @Override
    public long remaining() {
        return frame > last
                ? 0
                : table.storedOffset(last + 1)
                        - table.storedOffset(frame)
                        - stored.buffer().position();
    }

    @Override
    public ByteBuffer buffer() throws TargetException {
        if (frame <= last && !stored.buffer().hasRemaining()) {
            decode();
        }
        return stored.buffer();
    }

    /** Decodes the last frame, after all stored bytes were put. */
    void finish() throws TargetException {
        buffer();
    }

    /** Decodes the frame that is complete, and prepares the buffer for the next one. */
    private void decode() throws TargetException {
        ByteBuffer bytes = stored.buffer().flip();
        long start = table.contentOffset(frame);
        long end = start + table.contentLength(frame);
        try {
            if (start >= from && end <= to && decodesInto(target.buffer(), (int) (end - start))) {
                ByteBuffer memory = target.buffer();
                decoder.decode(table, frame, bytes, memory);
                deliver(memory.slice(memory.position(), (int) (end - start)));
                memory.position(memory.position() + (int) (end - start));
            } else {
                ByteBuffer memory = decoded((int) (end - start));
                decoder.decode(table, frame, bytes, memory);
                int skip = (int) (Math.max(from, start) - start);
                ByteBuffer wanted = memory.slice(skip, (int) (Math.min(to, end) - start) - skip);
                target.put(wanted.duplicate());
                deliver(wanted);
            }
        } catch (FrameFormatException e) {
            damage = e;
            throw new TargetException("decompression", String.valueOf(e.getMessage()), e);
        }
        frame++;
        bytes.clear().limit(frame > last ? 0 : (int) table.storedLength(frame));
    }

    private static boolean decodesInto(ByteBuffer memory, int length) {
        return memory.isDirect() && memory.remaining() >= length;
    }

    /** Returns memory for a decoded frame at position 0. */
    private ByteBuffer decoded(int length) {
        if (decoded != null && decoded.buffer().capacity() < length) {
            decoded.close();
            decoded = null;
        }
        if (decoded == null) {
            decoded = DirectBufferPool.shared().take(length);
        }
        return decoded.buffer().clear();
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
        stored.close();
        if (decoded != null) {
            decoded.close();
        }
    }
}
