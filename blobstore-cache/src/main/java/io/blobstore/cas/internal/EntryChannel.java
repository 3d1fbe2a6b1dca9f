package io.blobstore.cas.internal;

import io.blobstore.zstd.internal.FrameFormatException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Reads a file by position, by any number of threads. An interrupt closes the channel that its thread reads: that
 * thread fails with {@link ClosedByInterruptException}, and the others open the file again, unnoticed.
 */
public final class EntryChannel implements Closeable {
    /** Opens the file, which may have another name each time. */
    public interface Opener {
        FileChannel open() throws IOException;
    }

    /** The most bytes read at a time into memory on the heap, of which the JDK makes a copy, per thread. */
    private static final int MAX_HEAP_READ = 128 << 10;

    private final Opener opener;
    /** Null after it was closed. */
    private final AtomicReference<@Nullable FileChannel> channel;

    private EntryChannel(Opener opener, FileChannel channel) {
        this.opener = opener;
        this.channel = new AtomicReference<>(channel);
    }

    /** Opens the file. */
    public static EntryChannel open(Opener opener) throws IOException {
        return new EntryChannel(opener, opener.open());
    }

    /** Returns the length of the file in bytes. */
    long size() throws IOException {
        for (; ; ) {
            FileChannel open = current();
            try {
                return open.size();
            } catch (ClosedChannelException e) {
                replace(open, e);
            }
        }
    }

    /**
     * Reads all of a buffer's remaining bytes, and advances its position to its limit.
     *
     * @throws FrameFormatException if the file ends before
     */
    void readFully(ByteBuffer target, long offset) throws IOException {
        int limit = target.limit();
        long at = offset;
        while (target.position() < limit) {
            if (!target.isDirect()) {
                target.limit(Math.min(limit, target.position() + MAX_HEAP_READ));
            }
            int bytes = read(target, at);
            target.limit(limit);
            if (bytes < 0) {
                throw new FrameFormatException("it ends at offset " + at + " at the latest, though more should follow");
            }
            at += bytes;
        }
    }

    private int read(ByteBuffer target, long offset) throws IOException {
        for (; ; ) {
            FileChannel open = current();
            try {
                return open.read(target, offset);
            } catch (ClosedChannelException e) {
                replace(open, e);
            }
        }
    }

    /**
     * Transfers bytes of the file to a channel, without copying them if both sides can do that.
     *
     * @return the number of bytes, which is less than wanted if the channel takes no more now
     * @throws FrameFormatException if the file ends before the offset
     */
    long transferTo(long offset, long count, WritableByteChannel target) throws IOException {
        for (; ; ) {
            FileChannel open = current();
            try {
                long bytes = open.transferTo(offset, count, target);
                if (bytes == 0 && count > 0 && offset >= open.size()) {
                    throw new FrameFormatException("it ends before offset " + offset + ", though more should follow");
                }
                return bytes;
            } catch (ClosedChannelException e) {
                if (!target.isOpen()) {
                    throw e;
                }
                replace(open, e);
            }
        }
    }

    private FileChannel current() {
        FileChannel open = channel.get();
        if (open == null) {
            throw new IllegalStateException("the content was closed");
        }
        return open;
    }

    /** Opens the file again if another thread's interrupt closed the channel. */
    private void replace(FileChannel closed, ClosedChannelException cause) throws IOException {
        if (cause instanceof ClosedByInterruptException) {
            throw cause;
        }
        if (channel.get() == closed) {
            FileChannel fresh = opener.open();
            if (!channel.compareAndSet(closed, fresh)) {
                fresh.close();
            }
        }
    }

    /** Closes the file. Idempotent. */
    @Override
    public void close() throws IOException {
        FileChannel open = channel.getAndSet(null);
        if (open != null) {
            open.close();
        }
    }
}
