package io.blobstore.split.internal.file;

import io.blobstore.BlobSource;
import io.blobstore.RetainedSource;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.util.Objects;

/** A part of a temporary file that nobody else can change, read through an open channel. Its owner keeps it open. */
public record ChannelSource(
        FileChannel channel, long offset, @Override long size) implements BlobSource {
    /** As large as a core's second-level cache allows; in bytes. */
    private static final int WINDOW = 256 << 10;

    @Override
    public BlobSource slice(long offset, long length) {
        Objects.checkFromIndexSize(offset, length, size);
        return new ChannelSource(channel, this.offset + offset, length);
    }

    @Override
    public RetainedSource retain() {
        return RetainedSource.of(this, () -> {});
    }

    @Override
    public void forEachBuffer(int maxBufferSize, BufferVisitor visitor) throws IOException {
        if (maxBufferSize <= 0) {
            throw new IllegalArgumentException("maxBufferSize must be positive; got " + maxBufferSize);
        }
        if (size == 0) {
            return;
        }
        int most = (int) Math.min(Math.min(WINDOW, maxBufferSize), size);
        try (PooledBuffer memory = DirectBufferPool.shared().take(most)) {
            ByteBuffer window = memory.buffer();
            for (long at = offset, end = offset + size; at < end; at += window.limit()) {
                read(at, window.clear().limit((int) Math.min(most, end - at)));
                visitor.visit(window.slice(0, window.limit()).asReadOnlyBuffer());
            }
        }
    }

    private void read(long position, ByteBuffer window) throws IOException {
        while (window.hasRemaining()) {
            try {
                if (channel.read(window, position + window.position()) < 0) {
                    throw new EOFException("a temporary file was truncated");
                }
            } catch (ClosedByInterruptException e) {
                throw e;
            } catch (ClosedChannelException e) {
                throw interrupted(e);
            }
        }
    }

    /** The owner closes the channel after the last read: so an interrupt of another thread that read has closed it. */
    private static InterruptedIOException interrupted(ClosedChannelException e) {
        InterruptedIOException interrupted =
                new InterruptedIOException("another thread was interrupted while it read the temporary file");
        interrupted.initCause(e);
        return interrupted;
    }

    @Override
    public void checkUnchanged() {
        // it has no name, or one that nobody knows
    }
}
