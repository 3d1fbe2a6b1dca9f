package io.blobstore.split.repository;

import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.RetainedSource;
import io.blobstore.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Computes the SHA-256 of content that arrives in order, by one worker at a time while others do other units: a unit
 * digests what has arrived, and ends when nothing is left.
 */
final class WholeDigest {
    /** In bytes: how much is digested before the unit looks whether the transfer has stopped. */
    private static final long PIECE = 8 << 20;

    /** The part of a direct buffer that is copied to the heap at a time: it stays in the core's first cache. */
    private static final int BLOCK = 4096;

    private final Sha256 expected;
    private final WorkQueue queue;
    private final MessageDigest digest = Sha256.newMessageDigest();
    private final byte[] block = new byte[BLOCK];

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final Queue<RetainedSource> arrived = new ArrayDeque<>();
    /** Whether a unit is submitted or runs, which alone uses the digest. */
    private boolean active;

    WholeDigest(Sha256 expected, WorkQueue queue) {
        this.expected = expected;
        this.queue = queue;
    }

    /** Adds content, which is closed when it was digested. Used by the queue's owner. */
    void add(RetainedSource content) {
        boolean start;
        lock.lock();
        try {
            arrived.add(content);
            start = !active;
            active = true;
        } finally {
            lock.unlock();
        }
        if (start) {
            queue.submit(scratch -> digestArrived());
        }
    }

    private void digestArrived() throws IOException {
        for (RetainedSource content = next(); content != null; content = next()) {
            try (RetainedSource digested = content) {
                for (long at = 0; at < digested.size(); at += PIECE) {
                    queue.requireRunning();
                    digested.slice(at, Math.min(PIECE, digested.size() - at))
                            .forEachBuffer(1 << 20, buffer -> update(digest, buffer, block));
                }
            }
        }
    }

    private @Nullable RetainedSource next() {
        lock.lock();
        try {
            active = !arrived.isEmpty();
            return arrived.poll();
        } finally {
            lock.unlock();
        }
    }

    /** Fails unless the content has the expected digest; when all units are completed. */
    void requireExpected() throws IntegrityException {
        Sha256 actual = Sha256.ofBytes(digest.digest());
        if (!actual.equals(expected)) {
            throw mismatch(expected, actual);
        }
    }

    static void update(MessageDigest digest, ByteBuffer buffer, byte[] block) {
        while (buffer.hasRemaining()) {
            int bytes = Math.min(block.length, buffer.remaining());
            buffer.get(block, 0, bytes);
            digest.update(block, 0, bytes);
        }
    }

    static IntegrityException mismatch(Sha256 expected, Sha256 actual) {
        return new IntegrityException(
                Operation.READ_SOURCE,
                null,
                "the content has the SHA-256 " + actual.hex() + " instead of " + expected.hex()
                        + "; nothing was made visible",
                null);
    }
}
