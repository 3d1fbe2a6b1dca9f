package io.blobstore.split.repository;

import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.verity.VerityDigest;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Verifies a large object that is read piece by piece, from its start to its end. Reads at other positions give it up,
 * until a read begins at the start of an object again. Not thread-safe.
 */
final class SequentialDigest {
    private final VerityDigest digest;
    /** The occurrence of an object that is read in order; null if none is. */
    private ContentIndex.@Nullable Chunk reading;

    SequentialDigest(ObjectHash hash) {
        this.digest = new VerityDigest(hash);
    }

    /**
     * Adds bytes that were read.
     *
     * @param chunk the object's place
     * @param offset the position of the bytes in the object
     * @param bytes the bytes that were read; its position is its limit after that
     * @throws DamagedObjectException if these are the last bytes of an object that is damaged
     */
    void read(ContentIndex.Chunk chunk, ObjectId id, long offset, ByteBuffer bytes) throws DamagedObjectException {
        if (offset == 0) {
            digest.reset();
            reading = chunk;
        } else if (!chunk.equals(reading) || offset != digest.size()) {
            reading = null;
            return;
        }
        digest.update(bytes);
        if (digest.size() == chunk.end() - chunk.start()) {
            reading = null;
            Verification.requireEqual(id, digest.digest());
        }
    }
}
