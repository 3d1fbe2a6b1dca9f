package io.blobstore.server.internal;

import io.blobstore.ByteRange;
import io.blobstore.cache.ArrivingContent;
import io.blobstore.cas.CachedContent;
import io.blobstore.cas.StoredContent;
import io.blobstore.server.internal.ReadMemory.Chunk;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Reads a range of bytes for a client, one chunk after the other. Used by one thread at a time, and closed when no
 * chunk is being read; chunks that were read outlive it.
 */
public final class ContentRead implements Closeable {
    /** Where the bytes come from. */
    private interface Bytes {
        void read(long offset, ByteBuffer target) throws IOException;
    }

    private static final CompletableFuture<Void> READY = CompletableFuture.completedFuture(null);

    private final Bytes bytes;
    private final @Nullable ArrivingContent arriving;
    private final Closeable lease;
    private final ReadMemory memory;
    private final long end;
    private long position;

    private ContentRead(
            Bytes bytes, @Nullable ArrivingContent arriving, Closeable lease, ReadMemory memory, long from, long to) {
        this.bytes = bytes;
        this.arriving = arriving;
        this.lease = lease;
        this.memory = memory;
        this.position = from;
        this.end = to;
    }

    /**
     * Reads content, decoded and verified.
     *
     * @param content closed with this
     * @param from the first byte
     * @param to the end of the range, inside the content
     */
    public static ContentRead decoded(CachedContent content, ReadMemory memory, long from, long to) {
        return new ContentRead(
                (offset, target) -> content.read(ByteRange.of(offset, target.remaining()), target),
                null,
                content,
                memory,
                from,
                to);
    }

    /**
     * Reads the stored form of content or of a record.
     *
     * @param lease keeps the file open; closed with this
     */
    public static ContentRead stored(StoredContent stored, Closeable lease, ReadMemory memory, long from, long to) {
        return new ContentRead(stored::read, null, lease, memory, from, to);
    }

    /**
     * Reads content while it arrives.
     *
     * @param content closed with this
     */
    public static ContentRead arriving(ArrivingContent content, ReadMemory memory) {
        Bytes bytes = (offset, target) -> {
            for (long at = offset; target.hasRemaining(); ) {
                awaitCommit(content, at);
                at += content.read(at, target);
            }
        };
        return new ContentRead(bytes, content, content, memory, 0, content.size());
    }

    /**
     * Returns the end of what can be read, which is after an offset that was {@link #ready}: while content is
     * committed, which takes the disk only, nothing of it can be read, so this waits for the end of that.
     */
    private static long awaitCommit(ArrivingContent content, long offset) throws IOException {
        long readable = content.readable();
        while (readable <= offset) {
            content.ready(offset).join();
            readable = content.readable();
        }
        return readable;
    }

    /** Returns a future that completes when {@link #next} can be called: at once, unless content is arriving. */
    public CompletableFuture<Void> ready() {
        return arriving == null ? READY : arriving.ready(position);
    }

    /** Returns the number of bytes that were not read yet. */
    public long remaining() {
        return end - position;
    }

    /**
     * Reads the next chunk, in a buffer from its position to its limit, to be closed by the caller. There must be bytes
     * that {@link #remaining remain}, and are {@link #ready}.
     *
     * @throws io.blobstore.IntegrityException if the content is damaged
     */
    public Chunk next() throws IOException {
        return next(ReadMemory.LARGE);
    }

    /** Reads the next chunk, as {@link #next()} does, of a number of bytes at most. */
    public Chunk next(int maxBytes) throws IOException {
        long there = arriving == null ? end : Math.min(end, awaitCommit(arriving, position));
        Chunk chunk = memory.take(position, Math.min(there - position, maxBytes));
        boolean complete = false;
        try {
            bytes.read(position, chunk.buffer());
            chunk.buffer().flip();
            position += chunk.buffer().remaining();
            complete = true;
            return chunk;
        } finally {
            if (!complete) {
                chunk.close();
            }
        }
    }

    @Override
    public void close() throws IOException {
        lease.close();
    }
}
