package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.RangeNotSatisfiableException;
import io.blobstore.StoreEvent;
import io.blobstore.internal.prefetch.PrefetchMemory;
import io.blobstore.spi.TransferEvents;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Reads a blob like a file: sequentially, with random access, or both. Opened by {@link TransferManager#openReader}.
 *
 * <pre>{@code
 * try (TransferManager transfers = TransferManager.create();
 *         BlobReader reader = transfers.openReader(store, key)) {
 *     ByteBuffer chunk = ByteBuffer.allocateDirect(1 << 20);
 *     while (reader.read(chunk.clear()) >= 0) { // sequentially, with prefetching
 *         System.out.println(chunk.flip().remaining() + " bytes before " + reader.position());
 *     }
 *     reader.read(chunk.clear().limit(512), reader.size() - 512); // at a position
 * }
 * }</pre>
 *
 * <p><b>Sequential access</b>, by {@link #read(ByteBuffer)} or {@link #inputStream()}, prefetches after three
 * sequential reads, or three reads at regular distances, with parallel requests: as many bytes as were read before, up
 * to {@link ReaderOptions#maxReadAhead} and this reader's share of the prefetch memory. Prefetched bytes are copied
 * once, into the caller's buffer. A jump elsewhere cancels the prefetches in flight without waiting for them. After two
 * jumps that were followed by several sequential reads each, as of the members of an archive, a third one fetches as
 * much at once. A reader does not prefetch past the place where another reader of the same blob and manager began to
 * read in sequence, until it has read on there. Do not add another read-ahead such as a large
 * {@code BufferedInputStream}: it hides the access pattern.
 *
 * <p><b>Random access</b>, by {@link #read(ByteBuffer, long)}, sends a request for each read and fills the caller's
 * buffer in place, as do sequential reads of bytes that were not prefetched. Large reads are split and sent in
 * parallel.
 *
 * <p>All reads are of one version, which the first response determines. If the blob is replaced, reads fail with
 * {@link io.blobstore.PreconditionFailedException}. No request is sent before the first read, or the first call of
 * {@link #size()} or {@link #metadata()}.
 *
 * <p><b>Verification.</b> If sequential reads have delivered the whole blob in order, from its first byte to its last,
 * its checksum is compared with that of the store, if the store has one: the read that reaches the end throws
 * {@link io.blobstore.IntegrityException} instead of delivering the last bytes, and so does every later read that
 * reaches the end, until the blob was read again from position 0. What was delivered before must not be used then. The
 * whole is also verified if other positions are read in between, and if one read delivers it all. Anything less is not
 * verified, as parts of a blob have no checksum to compare with: a part that was read by position, or after a seek or
 * skip over bytes; a blob that was not read to its end; and bytes that are read a second time.
 *
 * <p>A failed read leaves position and buffer unchanged, and may be repeated. An interrupted read throws
 * {@link java.io.InterruptedIOException}, with the thread's interrupt status set, and leaves the reader open. If the
 * store throttles, all reads of this reader wait together, and fewer requests are in flight; see {@link RetryPolicy}.
 *
 * <p>Thread-safe. Sequential reads are serialized; positional reads run concurrently.
 */
public final class BlobReader implements SeekableByteChannel {
    private final PinnedVersionReads reads;

    /** Held during a sequential read. */
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final ReadAhead ahead;
    private final DeliveredContent delivered = new DeliveredContent();
    private long position;

    /** What reports the close; null if nobody observes it. */
    private final @Nullable Report report;

    /**
     * Collects what a reader reports when it is closed.
     *
     * @param read the bytes that were delivered
     */
    record Report(TransferEvents events, String store, BlobKey key, AtomicLong read, AtomicBoolean reported) {
        Report(TransferEvents events, String store, BlobKey key) {
            this(events, store, key, new AtomicLong(), new AtomicBoolean());
        }

        void closed(OptionalLong size, ReadAhead ahead) {
            if (!reported.getAndSet(true)) {
                events.report(
                        new StoreEvent.ReaderClosed(store, key, size, read.get(), ahead.prefetched(), ahead.unused()));
            }
        }
    }

    BlobReader(PinnedVersionReads reads, PrefetchMemory memory, @Nullable Report report) {
        this.reads = reads;
        this.ahead = new ReadAhead(reads, memory.join());
        this.report = report;
    }

    /**
     * Returns the blob's metadata. Sends a request unless something was read before.
     *
     * @throws io.blobstore.BlobNotFoundException if there is no such blob
     */
    public BlobMetadata metadata() throws IOException {
        return reads.blob();
    }

    /** Returns the blob's size in bytes; see {@link #metadata()}. */
    @Override
    public long size() throws IOException {
        return metadata().size();
    }

    // ---- sequential access

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

    /** Sets the position of the next sequential read; may be beyond the end. Sends no request. */
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
     * Reads from the current position until the buffer is full or the blob ends. Reads less only if the following bytes
     * cannot be read; the next read then throws. Advances the position.
     *
     * @return the number of bytes; 0 if the buffer has no room; -1 at the end of the blob
     * @throws io.blobstore.IntegrityException if the whole blob was read in order, and its checksum differs
     * @throws IllegalArgumentException if the buffer is read-only
     * @throws java.nio.channels.ClosedChannelException if this reader is closed, or is closed during the read
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
            return counted(bytes);
        } finally {
            lock.unlock();
        }
    }

    /** Waits for another sequential read, which may take long, until this thread is interrupted. */
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
            int start = target.position();
            int bytes = readAt(position, target);
            if (bytes > 0) {
                ahead.follow(position, bytes, reads.known().orElseThrow().size());
                deliver(target, start, bytes); // the whole blob at once was verified already
            }
            return bytes;
        }
        long size = reads.blob().size();
        if (position >= size) {
            delivered.requireStored(reads.blob());
            return -1;
        }
        int length = (int) Math.min(target.remaining(), size - position);
        int start = target.position();
        int done = 0;
        try {
            if (size > BlobBlocks.BLOCK) {
                ahead.follow(position, length, size);
            }
            if (position + length == size && delivered.isCompletedFrom(position)) {
                reads.blobWithChecksum(); // before the last bytes: afterwards, nothing may fail but the comparison
            }
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
        deliver(target, start, done);
        return done;
    }

    /**
     * Adds the bytes of this read to the checksum, in the caller's memory, and compares it if the read ends the blob.
     *
     * @param start the position in the target of the first byte
     */
    private void deliver(ByteBuffer target, int start, int bytes) throws IOException {
        delivered.add(position, target.duplicate().position(start).limit(start + bytes));
        BlobMetadata blob = reads.known().orElseThrow();
        if (position + bytes == blob.size()) {
            try {
                delivered.requireStored(blob);
            } catch (IntegrityException e) {
                reads.discard();
                target.position(start);
                throw e;
            }
        }
    }

    // ---- random access

    /**
     * Reads from a given position until the buffer is full or the blob ends. Neither uses nor changes the position and
     * the prefetched bytes of sequential reads. Verified only if it reads the whole blob.
     *
     * @param from the position in the blob, in bytes; may be beyond the end
     * @return the number of bytes; 0 if the buffer has no room; -1 at the end of the blob
     * @throws IllegalArgumentException if the buffer is read-only, or the position negative
     * @throws java.nio.channels.ClosedChannelException if this reader is closed, or is closed during the read
     */
    public int read(ByteBuffer target, long from) throws IOException {
        requireWritable(target);
        if (from < 0) {
            throw new IllegalArgumentException("a position must be 0 or more; got " + from);
        }
        reads.requireOpen();
        return target.hasRemaining() ? counted(readAt(from, target)) : 0;
    }

    /**
     * Reads the last bytes of the blob: as many as the buffer has room for, or all if the blob is shorter. Sends one
     * request, even if the size is not known yet: the footer of a file tells where its parts are. Neither uses nor
     * changes the position and the prefetched bytes of sequential reads. Verified only if it reads the whole blob.
     *
     * @param target filled from its position, which advances by the number of bytes; the first byte is that at offset
     *     {@code size() - bytes}
     * @return the number of bytes; 0 if the buffer has no room; -1 if the blob is empty
     * @throws IllegalArgumentException if the buffer is read-only
     * @throws java.nio.channels.ClosedChannelException if this reader is closed, or is closed during the read
     */
    public int readTail(ByteBuffer target) throws IOException {
        requireWritable(target);
        reads.requireOpen();
        if (!target.hasRemaining()) {
            return 0;
        }
        int bytes = reads.known().isEmpty()
                ? reads.read(ByteRange.last(target.remaining()), target)
                : readAt(Math.max(0, reads.blob().size() - target.remaining()), target);
        return bytes == 0 ? -1 : counted(bytes);
    }

    /** Counts the bytes that a call delivers. */
    private int counted(int bytes) {
        if (report != null && bytes > 0) {
            report.read().addAndGet(bytes);
        }
        return bytes;
    }

    private int readAt(long from, ByteBuffer target) throws IOException {
        if (reads.known().isEmpty() && (from == 0 || target.remaining() <= PinnedVersionReads.PART)) {
            OptionalInt first = readFirst(from, target);
            if (first.isPresent()) {
                return first.getAsInt();
            }
        }
        long left = reads.blob().size() - from; // a store reports an error for ranges beyond the end
        return left <= 0 ? -1 : reads.read(ByteRange.of(from, Math.min(target.remaining(), left)), target);
    }

    /** Reads from a blob whose size is not known; returns empty if the store refused, as the position is beyond it. */
    private OptionalInt readFirst(long from, ByteBuffer target) throws IOException {
        try {
            int most = (int) Math.min(target.remaining(), Long.MAX_VALUE - from);
            int bytes = reads.read(ByteRange.atMost(from, most), target);
            return OptionalInt.of(bytes == 0 ? -1 : bytes);
        } catch (RangeNotSatisfiableException e) {
            return OptionalInt.empty();
        }
    }

    private static void requireWritable(ByteBuffer target) {
        if (target.isReadOnly()) {
            throw new IllegalArgumentException("the target is a read-only buffer");
        }
    }

    // ---- streams and closing

    /**
     * Returns a stream over this reader: it reads sequentially, shares the position, and closes the reader when it is
     * closed. Skipping sends no request. A stream that is read from the blob's beginning without skipping ends only if
     * the content was verified; see {@link #read(ByteBuffer)}.
     */
    public InputStream inputStream() {
        ahead.expectEverything();
        return new BlobInputStream(this);
    }

    /**
     * Throws an exception, as a reader cannot write.
     *
     * @throws NonWritableChannelException always
     */
    @Override
    public int write(ByteBuffer source) {
        throw new NonWritableChannelException();
    }

    /**
     * Throws an exception, as a reader cannot write.
     *
     * @throws NonWritableChannelException always
     */
    @Override
    public BlobReader truncate(long size) {
        throw new NonWritableChannelException();
    }

    @Override
    public boolean isOpen() {
        return !reads.isClosed();
    }

    /**
     * Cancels the reads in progress, including those of other threads, and waits until they have ended: no buffer is
     * touched any more then. Idempotent. The store and the {@link TransferManager} stay open.
     */
    @Override
    public void close() {
        reads.close();
        lock.lock(); // a sequential read was cancelled, and ends soon
        try {
            ahead.close();
            if (report != null) {
                report.closed(
                        reads.known().map(blob -> OptionalLong.of(blob.size())).orElseGet(OptionalLong::empty), ahead);
            }
        } finally {
            lock.unlock();
        }
        reads.awaitEnd();
    }
}
