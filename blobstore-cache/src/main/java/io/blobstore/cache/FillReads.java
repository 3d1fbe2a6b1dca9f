package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.TargetException;
import io.blobstore.cas.ContentWriter;
import io.blobstore.internal.concurrent.Interrupts;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the content of a fill while it arrives, for those who have joined it. Thread-safe. */
record FillReads(Fill fill) {
    private static final Logger LOG = LoggerFactory.getLogger(FillReads.class);

    /**
     * Copies content into a window as it arrives, until the end of the range, or of the fill.
     *
     * @param from the offset of the first byte
     * @param end the offset after the last byte
     * @return {@link FillOutcome#COMPLETE} if all bytes were put into the window
     * @throws TargetException if the window fails
     * @throws IOException if the thread is interrupted
     */
    FillOutcome copy(long from, long end, MeasuredWindow target) throws IOException {
        for (long at = from; at < end; ) {
            ByteBuffer buffer = target.buffer(); // before entering, as it may write to a file
            long readable = fill.enter(at, false);
            if (readable < 0) {
                return fill.outcome();
            }
            int bytes;
            try {
                bytes = read(at, Math.min(readable, end), buffer);
            } catch (IOException e) {
                if (Interrupts.caused(e)) {
                    throw interrupted(fill.blob().key(), e);
                }
                LOG.warn(
                        "What was written of '{}' to the cache cannot be read",
                        fill.blob().key(),
                        e);
                return FillOutcome.REFUSED;
            } finally {
                fill.exit();
            }
            if (bytes <= 0) {
                return FillOutcome.LOST; // content of one frame is never in a file of its own: it is in the cache now
            }
            at += bytes;
        }
        return FillOutcome.COMPLETE;
    }

    /**
     * Waits until all content is in the cache, or the fill has failed. An interrupt may end the fill.
     *
     * @throws IOException if the thread is interrupted
     */
    FillOutcome await() throws IOException {
        if (fill.enter(fill.blob().size() - 1, true) < 0) { // the last byte is readable when the whole is complete
            return fill.outcome();
        }
        fill.exit();
        return FillOutcome.COMPLETE;
    }

    /**
     * Waits until the first bytes can be read. An interrupt may end the fill.
     *
     * @return false if there will be none
     * @throws IOException if the thread is interrupted
     */
    boolean awaitBegin() throws IOException {
        boolean begun = fill.enter(0, true) > 0;
        if (begun) {
            fill.exit();
        }
        return begun;
    }

    /** Reads what can be read now at an offset; see {@link ArrivingContent#read}. */
    int readNow(long at, ByteBuffer buffer) throws IOException {
        long readable = fill.enterNow(at);
        if (readable == 0) {
            return 0;
        }
        try {
            int bytes = read(at, readable, buffer);
            if (bytes <= 0 && buffer.hasRemaining()) {
                throw new BlobStoreException(
                        Operation.READ, fill.blob().key(), "cannot be read from the cache", null, true);
            }
            return bytes;
        } finally {
            fill.exit();
        }
    }

    private int read(long at, long end, ByteBuffer buffer) throws IOException {
        ContentWriter content = fill.writerInUse();
        int limit = buffer.limit();
        buffer.limit((int) Math.min(limit, buffer.position() + (end - at)));
        try {
            return content.read(at, buffer);
        } finally {
            buffer.limit(limit);
        }
    }

    /** Creates the exception of a waiter that was interrupted. */
    static BlobStoreException interrupted(BlobKey key, Exception cause) {
        IOException interrupted = new InterruptedIOException("interrupted while waiting for a download");
        interrupted.initCause(cause);
        return new BlobStoreException(
                Operation.READ, key, "was interrupted while the blob was downloaded into the cache", interrupted, true);
    }
}
