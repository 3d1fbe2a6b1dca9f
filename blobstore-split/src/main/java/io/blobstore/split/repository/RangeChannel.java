package io.blobstore.split.repository;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;

/** A read-only channel over memory, or over ranges that are read on demand through a window. Not thread-safe. */
final class RangeChannel implements SeekableByteChannel {
    /** The bytes of a request: the header and the references of most streams. */
    private static final int WINDOW = 64 << 10;

    /** Reads a range. */
    @FunctionalInterface
    interface Ranges {
        /** Fills a buffer's remaining bytes with those at an offset. */
        void read(long offset, ByteBuffer target) throws IOException;
    }

    private final long size;
    private final Ranges ranges;
    private ByteBuffer window;
    private long windowStart;
    private long position;
    private boolean open = true;

    /** Creates a channel of a buffer's remaining bytes. */
    RangeChannel(ByteBuffer content) {
        this.size = content.remaining();
        this.window = content.slice();
        this.ranges = (offset, target) -> {
            throw new IllegalStateException("all content is in memory");
        };
    }

    /** Creates a channel of {@code size} bytes that are read on demand. */
    RangeChannel(long size, Ranges ranges) {
        this.size = size;
        this.ranges = ranges;
        this.window = ByteBuffer.allocate(0);
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        requireOpen();
        if (position >= size) {
            return -1;
        }
        int done = 0;
        while (target.hasRemaining() && position < size) {
            if (position < windowStart || position >= windowStart + window.limit()) {
                fill();
            }
            int at = (int) (position - windowStart);
            int bytes = Math.min(target.remaining(), window.limit() - at);
            target.put(window.slice(at, bytes));
            position += bytes;
            done += bytes;
        }
        return done;
    }

    private void fill() throws IOException {
        ByteBuffer next = ByteBuffer.allocate((int) Math.min(WINDOW, size - position));
        ranges.read(position, next);
        window = next.flip();
        windowStart = position;
    }

    private void requireOpen() throws ClosedChannelException {
        if (!open) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public long position() throws IOException {
        requireOpen();
        return position;
    }

    @Override
    public RangeChannel position(long newPosition) throws IOException {
        requireOpen();
        if (newPosition < 0) {
            throw new IllegalArgumentException("a position must be 0 or more; got " + newPosition);
        }
        position = newPosition;
        return this;
    }

    @Override
    public long size() throws IOException {
        requireOpen();
        return size;
    }

    @Override
    public int write(ByteBuffer source) {
        throw new NonWritableChannelException();
    }

    @Override
    public SeekableByteChannel truncate(long newSize) {
        throw new NonWritableChannelException();
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void close() {
        open = false;
    }
}
