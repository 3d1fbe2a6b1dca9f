package io.blobstore.cas;

import io.blobstore.cas.internal.EntryFile;
import io.blobstore.cas.internal.EntryKey;
import io.blobstore.cas.internal.TemporaryEntry;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a record that arrives piece by piece; it is visible when all of it is there. Takes room in the cache as content
 * arrives. Thread-safe.
 */
public final class RecordWriter implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(RecordWriter.class);

    private final CacheContext context;
    private final EntryKey key;
    private final long size;
    private final TemporaryEntry file;
    private final CacheContext.Handle handle = this::closeNow;

    // Guarded by this:
    private boolean ended;
    private boolean closed;

    RecordWriter(CacheContext context, EntryKey key, long size, TemporaryEntry file) {
        this.context = context;
        this.key = key;
        this.size = size;
        this.file = file;
        context.register(handle);
    }

    /**
     * Appends a buffer's remaining bytes, and advances its position.
     *
     * @throws DigestMismatchException if that is more than was announced; nothing is kept
     * @throws CacheFullException if there is no room
     * @throws IOException if it cannot be written; the writer can only be closed then
     * @throws IllegalStateException if this was committed or closed, or the cache is closed
     */
    public void write(ByteBuffer content) throws IOException {
        context.enter();
        try {
            synchronized (this) {
                begin();
                if (content.remaining() > size - file.length()) {
                    throw new DigestMismatchException("the record has more bytes than " + size, null);
                }
                file.append(content);
                ended = false;
            }
        } finally {
            context.leave();
        }
    }

    /**
     * Returns what was written so far, to be checked before it is committed: a new buffer on the heap, from position 0
     * to the limit.
     *
     * @throws IOException if it cannot be read
     * @throws IllegalStateException if this was committed or closed, or the cache is closed
     */
    public ByteBuffer content() throws IOException {
        context.enter();
        try {
            synchronized (this) {
                begin();
                ended = false;
                return ByteBuffer.wrap(Files.readAllBytes(file.path()));
            }
        } finally {
            context.leave();
        }
    }

    /**
     * Makes the record visible, in place of the one that was there.
     *
     * @throws DigestMismatchException if it has fewer bytes than were announced; nothing was kept
     * @throws IOException if it cannot be written; nothing was kept
     * @throws IllegalStateException if this was committed or closed, or the cache is closed
     */
    public void commit() throws IOException {
        context.enter();
        try {
            synchronized (this) {
                begin();
                if (file.length() != size) {
                    throw new DigestMismatchException(
                            "the record has " + file.length() + " bytes instead of " + size, null);
                }
                context.index.release(context.publish(file, key, EntryFile.Format.PLAIN, size));
            }
        } finally {
            context.leave();
        }
    }

    /** Takes the right to write, to be given back if all goes well. */
    private void begin() {
        if (ended) {
            throw new IllegalStateException("the writer was committed or closed, or has failed");
        }
        ended = true;
    }

    /** Discards the record unless it was committed. Idempotent. */
    @Override
    public void close() {
        if (context.tryEnter()) { // else closing the cache does it
            try {
                closeNow();
            } finally {
                context.leave();
            }
        }
    }

    private synchronized void closeNow() {
        ended = true;
        if (!closed) {
            closed = true;
            context.forget(handle);
            try {
                file.close();
            } catch (IOException e) {
                LOG.warn("{} was not deleted", file.path(), e);
            }
        }
    }
}
