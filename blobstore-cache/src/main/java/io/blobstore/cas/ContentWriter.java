package io.blobstore.cas;

import io.blobstore.BlobSource;
import io.blobstore.Sha256;
import io.blobstore.cas.internal.UseCount;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Puts content that arrives piece by piece. One thread writes; any number of threads may read what was written so far.
 *
 * <p>What can be read before {@link #commit} is not verified yet. Its end, the last MiB that is not whole, is held back
 * until then, so that nobody ever gets all of a content that is not that of its digest.
 *
 * <p>Takes room in the cache as content arrives, not as it is announced: 4 MiB at first.
 */
public final class ContentWriter implements Closeable {
    private final CacheContext context;
    private final Optional<Digest> announced;
    private final long size;
    /** What was written; null for content that fits one frame, of which there is no file before it is complete. */
    private final @Nullable WrittenFile file;

    private final UseCount uses = new UseCount(this::release);
    private final CacheContext.Handle handle = this::closeNow;

    /** Held while content is compressed and written, by the writing thread, and by those that flush or close. */
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private long written;
    /** The piece that is not complete yet. */
    private @Nullable PooledBuffer piece;

    private boolean ended;

    ContentWriter(CacheContext context, Optional<Digest> announced, long size) throws IOException {
        this.context = context;
        this.announced = announced;
        this.size = size;
        this.file = size == 0 || context.isSmall(size) ? null : new WrittenFile(context, size);
        context.register(handle);
    }

    /**
     * Appends a buffer's remaining bytes, and advances its position. Copied or compressed when this returns.
     *
     * @throws DigestMismatchException if that is more content than was announced; nothing is kept
     * @throws CacheFullException if there is no room
     * @throws IOException if it cannot be written; the writer can only be closed then
     * @throws IllegalStateException if this was committed or closed, or the cache is closed
     */
    public void write(ByteBuffer content) throws IOException {
        context.enter();
        lock.lock();
        try {
            requireOpen();
            ended = true; // unless all goes well
            if (content.remaining() > size - written) {
                throw mismatch("it has more bytes than " + size);
            }
            append(content);
            if (file != null) {
                file.flush();
            }
            ended = false;
        } finally {
            lock.unlock();
            context.leave();
        }
    }

    private void append(ByteBuffer content) throws IOException {
        if (file != null && !file.isFramed()) {
            written += content.remaining();
            file.add(BlobSource.of(content), () -> {});
            content.position(content.limit());
            return;
        }
        while (content.hasRemaining()) {
            PooledBuffer memory = piece;
            if (memory == null) {
                int length = file == null ? (int) size : (int) Math.min(file.pieceSize(), size - written);
                memory = DirectBufferPool.shared().take(length);
                piece = memory;
            }
            ByteBuffer buffer = memory.buffer();
            int bytes = Math.min(buffer.remaining(), content.remaining());
            buffer.put(content.slice(content.position(), bytes));
            content.position(content.position() + bytes);
            written += bytes;
            if (!buffer.hasRemaining() && file != null) {
                piece = null;
                file.add(BlobSource.of(buffer.flip()), memory::close);
            }
        }
    }

    /**
     * Makes readable what was compressed since the last write, which does the same, unless a write is running. May be
     * called by any thread: those who read may wait for content while the writing thread waits for more. An interrupt
     * of the thread makes the writer fail.
     *
     * @throws IOException if it cannot be written; the writer can only be closed then
     * @throws IllegalStateException if the cache is closed
     */
    public void flush() throws IOException {
        context.enter();
        try {
            if (file != null && lock.tryLock()) {
                try {
                    if (!ended) {
                        ended = true; // unless all goes well
                        file.flush();
                        ended = false;
                    }
                } finally {
                    lock.unlock();
                }
            }
        } finally {
            context.leave();
        }
    }

    /**
     * Returns how many bytes of content can be read by {@link #read}. Unverified before {@link #commit}. A write or
     * {@link #flush} makes readable what was compressed meanwhile: a frame of 1 MiB at a time. Makes no system call.
     */
    public long readable() {
        return file == null ? 0 : file.readable();
    }

    /**
     * Reads bytes that were written, from the target's position on, which advances; one frame of 1 MiB at most.
     *
     * @param offset of the first byte in the content
     * @return the number of bytes read, 0 if none can be read at the offset yet
     * @throws IOException if it cannot be read
     * @throws IllegalStateException if this, or the cache, is closed
     */
    public int read(long offset, ByteBuffer target) throws IOException {
        context.enter();
        try {
            if (!uses.tryEnter()) {
                throw new IllegalStateException("the writer was closed");
            }
            try {
                return file == null || offset >= file.readable() || !target.hasRemaining()
                        ? 0
                        : file.read(offset, target);
            } finally {
                uses.leave();
            }
        } finally {
            context.leave();
        }
    }

    /**
     * Makes the content visible. What was written stays readable until this is closed.
     *
     * @return its digest
     * @throws DigestMismatchException if it is not the one that was announced; nothing was kept
     * @throws CacheFullException if there is no room
     * @throws IOException if it cannot be written; nothing was kept
     * @throws IllegalStateException if this was committed or closed, or the cache is closed
     */
    public Digest commit() throws IOException {
        context.enter();
        lock.lock();
        try {
            requireOpen();
            ended = true;
            if (written != size) {
                throw mismatch("it has " + written + " bytes instead of " + size);
            }
            return file != null ? commitFile(file) : commitSmall();
        } finally {
            lock.unlock();
            context.leave();
        }
    }

    private Digest commitFile(WrittenFile complete) throws IOException {
        Digest digest = verified(complete.finish());
        complete.publish(digest);
        return digest;
    }

    private Digest commitSmall() throws IOException {
        PooledBuffer memory = piece;
        if (memory == null) {
            return verified(Sha256.of(ByteBuffer.allocate(0)));
        }
        BlobSource content = BlobSource.of(memory.buffer().flip());
        Digest digest = verified(Sha256.of(content));
        new ContentPuts(context, new ContentReads(context)).put(digest, content);
        return digest;
    }

    private Digest verified(Sha256 sha256) throws DigestMismatchException {
        if (announced.isPresent()) {
            ContentPuts.require(announced.get(), sha256);
        }
        return new Digest(sha256, size);
    }

    private DigestMismatchException mismatch(String problem) {
        return new DigestMismatchException(
                "the content is not what was announced"
                        + announced.map(digest -> ", " + digest).orElse("") + ": " + problem,
                null);
    }

    private void requireOpen() {
        if (ended) {
            throw new IllegalStateException("the writer was committed or closed, or has failed");
        }
    }

    /**
     * Discards the content unless it was committed. Waits for the write that runs; a thread that reads may end before.
     * Idempotent.
     */
    @Override
    public void close() throws IOException {
        if (context.tryEnter()) { // else closing the cache does it
            try {
                closeNow();
            } finally {
                context.leave();
            }
        }
    }

    private void closeNow() {
        lock.lock();
        try {
            ended = true;
            uses.close();
            if (piece != null) {
                piece.close();
                piece = null;
            }
        } finally {
            lock.unlock();
        }
    }

    private void release() {
        context.forget(handle);
        if (file != null) {
            file.close();
        }
    }
}
