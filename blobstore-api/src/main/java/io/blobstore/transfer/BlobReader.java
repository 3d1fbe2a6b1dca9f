package io.blobstore.transfer;

import io.blobstore.BlobMetadata;
import io.blobstore.ByteRange;
import io.blobstore.internal.prefetch.PrefetchMemory;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Reads a blob as a file is read: in sequence, here and there, or both. Made by {@link TransferManager#openReader}.
 *
 * <p><b>In sequence</b>, by {@link #read(ByteBuffer)} or {@link #inputStream()}, it reads ahead after the third read in
 * a row, or at regular distances, with requests side by side: as far as was read before, up to
 * {@link ReaderOptions#maxReadAhead} and this reader's share of the memory for that. What was read ahead is copied
 * once, into the caller's buffer. A jump elsewhere cancels what is under way, and does not wait for it. Do not put
 * another read-ahead on top, a large {@code BufferedInputStream} say: it hides from this one what is wanted.
 *
 * <p><b>Here and there</b>, by {@link #read(ByteBuffer, long)}, each read is its own request, straight into the
 * caller's buffer, as are reads in sequence that nothing was read ahead for. Large ones are split and read side by
 * side.
 *
 * <p>Everything read is of one version: the first request decides which, and if the blob is replaced, reads fail with
 * {@link io.blobstore.PreconditionFailedException}. Nothing is asked for before the first read, or the first question
 * for the size. Parts of a blob have no checksum to compare with; a read of all of it at once is compared.
 *
 * <p>A failed read leaves position and buffer as they were, and may be tried again. An interrupted one throws
 * {@link java.io.InterruptedIOException}, with the thread's interrupt status set, and leaves the reader open.
 *
 * <p>Thread-safe. Reads in sequence wait for one another, positional ones for nothing.
 */
public final class BlobReader implements SeekableByteChannel {
    private final PinnedVersionReads reads;

    /** Held over a read in sequence. */
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final ReadAhead ahead;
    private long position;

    BlobReader(PinnedVersionReads reads, PrefetchMemory memory) {
        this.reads = reads;
        this.ahead = new ReadAhead(reads, memory.join());
    }

    /**
     * The blob that is read. Asks the store, unless something was read before.
     *
     * @throws io.blobstore.BlobNotFoundException if there is none
     */
    public BlobMetadata metadata() throws IOException {
        return reads.blob();
    }

    /** The blob's size in bytes; see {@link #metadata()}. */
    @Override
    public long size() throws IOException {
        return metadata().size();
    }

    // ---- in sequence

    @Override
    public long position() throws IOException {
        reads.requireOpen();
        lock.lock();
        try {
            return position;
        } finally {
            lock.unlock();
        }
    }

    /** Sets where the next read in sequence begins; may be behind the end. Asks nothing of the store. */
    @Override
    public BlobReader position(long newPosition) throws IOException {
        if (newPosition < 0) {
            throw new IllegalArgumentException("a position must be 0 or more; got " + newPosition);
        }
        reads.requireOpen();
        lock.lock();
        try {
            position = newPosition;
            return this;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Reads from the position on, as much as the buffer has room for, or is left of the blob; less only if what follows
     * cannot be read, which the next read then tells. Moves the position.
     *
     * @return the number of bytes; 0 if the buffer has no room; -1 at the end of the blob
     * @throws IllegalArgumentException if the buffer is read-only
     * @throws java.nio.channels.ClosedChannelException if this reader is closed, or is closed meanwhile
     */
    @Override
    public int read(ByteBuffer target) throws IOException {
        requireWritable(target);
        reads.requireOpen();
        lockForReading();
        try {
            reads.requireOpen();
            int bytes = target.hasRemaining() ? readInSequence(target) : 0;
            position += Math.max(0, bytes);
            return bytes;
        } finally {
            lock.unlock();
        }
    }

    /** Another read may be under way, and take long: an interrupt ends the waiting for it as well. */
    private void lockForReading() throws InterruptedIOException {
        if (!lock.tryLock()) {
            try {
                lock.lockInterruptibly();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw PinnedVersionReads.interrupted(e);
            }
        }
    }

    private int readInSequence(ByteBuffer target) throws IOException {
        if (reads.known().isEmpty()) {
            int bytes = readAt(position, target);
            if (bytes > 0) {
                ahead.follow(position, bytes, reads.known().orElseThrow().size());
            }
            return bytes;
        }
        long size = reads.blob().size();
        if (position >= size) {
            return -1;
        }
        int length = (int) Math.min(target.remaining(), size - position);
        int start = target.position();
        int done = 0;
        try {
            ahead.follow(position, length, size);
            while (done < length) {
                int bytes = ahead.take(position + done, target, length - done);
                if (bytes == 0) {
                    long gap = Math.min(ahead.gap(position + done), length - done);
                    bytes = reads.read(ByteRange.of(position + done, gap), target);
                }
                done += bytes;
            }
        } catch (IOException | RuntimeException | Error e) {
            ahead.reset();
            if (done == 0 || e instanceof Error) {
                target.position(start);
                throw e;
            }
        }
        return done;
    }

    // ---- here and there

    /**
     * Reads from a position of its own, as much as the buffer has room for, or is left of the blob. The position of
     * reads in sequence stays, and what they read ahead is not used.
     *
     * @param from in the blob, in bytes; may be behind the end
     * @return the number of bytes; 0 if the buffer has no room; -1 at the end of the blob
     * @throws IllegalArgumentException if the buffer is read-only, or the position negative
     * @throws java.nio.channels.ClosedChannelException if this reader is closed, or is closed meanwhile
     */
    public int read(ByteBuffer target, long from) throws IOException {
        requireWritable(target);
        if (from < 0) {
            throw new IllegalArgumentException("a position must be 0 or more; got " + from);
        }
        reads.requireOpen();
        return target.hasRemaining() ? readAt(from, target) : 0;
    }

    private int readAt(long from, ByteBuffer target) throws IOException {
        if (reads.known().isEmpty() && from == 0) {
            int bytes = reads.read(ByteRange.atMost(0, target.remaining()), target);
            return bytes == 0 ? -1 : bytes;
        }
        long left = reads.blob().size() - from; // a store has no answer but an error to what is behind the end
        return left <= 0 ? -1 : reads.read(ByteRange.of(from, Math.min(target.remaining(), left)), target);
    }

    private static void requireWritable(ByteBuffer target) {
        if (target.isReadOnly()) {
            throw new IllegalArgumentException("the target is a read-only buffer");
        }
    }

    // ---- the rest

    /**
     * A stream over this reader: it reads in sequence, from the same position, and closes it. Skipping asks nothing of
     * the store.
     */
    public InputStream inputStream() {
        return new BlobInputStream(this);
    }

    /** Not supported. */
    @Override
    public int write(ByteBuffer source) {
        throw new NonWritableChannelException();
    }

    /** Not supported. */
    @Override
    public BlobReader truncate(long size) {
        throw new NonWritableChannelException();
    }

    @Override
    public boolean isOpen() {
        return !reads.isClosed();
    }

    /**
     * Cancels what is under way, in other threads too, and waits until it has ended: nothing touches any buffer any
     * more then. Idempotent. The store and the {@link TransferManager} stay open.
     */
    @Override
    public void close() {
        reads.close();
        lock.lock(); // a read in sequence has been cancelled, and ends soon
        try {
            ahead.close();
        } finally {
            lock.unlock();
        }
        reads.awaitEnd();
    }
}
