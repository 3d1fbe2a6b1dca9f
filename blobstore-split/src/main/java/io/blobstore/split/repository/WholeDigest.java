package io.blobstore.split.repository;

import io.blobstore.BlobSource;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;

/** Computes the SHA-256 of a whole source, in order, by one worker while others do other units. */
final class WholeDigest implements WorkQueue.Unit {
    /** In bytes: how much is digested before the unit looks whether the transfer has stopped. */
    private static final long PIECE = 8 << 20;

    /** The part of a direct buffer that is copied to the heap at a time: it stays in the core's first cache. */
    private static final int BLOCK = 4096;

    private final BlobSource source;
    private final Sha256 expected;
    private final WorkQueue queue;

    WholeDigest(BlobSource source, Sha256 expected, WorkQueue queue) {
        this.source = source;
        this.expected = expected;
        this.queue = queue;
    }

    @Override
    public void run(Scratch scratch) throws IOException {
        MessageDigest digest = Sha256.newMessageDigest();
        byte[] block = new byte[BLOCK];
        for (long at = 0; at < source.size(); at += PIECE) {
            queue.requireRunning();
            source.slice(at, Math.min(PIECE, source.size() - at))
                    .forEachBuffer(1 << 20, buffer -> update(digest, buffer, block));
        }
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
