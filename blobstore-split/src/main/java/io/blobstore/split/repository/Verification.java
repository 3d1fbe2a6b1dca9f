package io.blobstore.split.repository;

import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.RangeNotSatisfiableException;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.verity.VerityDigest;
import java.io.IOException;

/** Compares the content of objects with their ids. */
final class Verification {
    /** The memory through which an object passes that is only verified. */
    private static final int BUFFER = 256 << 10;

    private Verification() {}

    /**
     * Reads an object into a window of exactly its size, and verifies it while it passes.
     *
     * @param digest a digest without content, and without content again afterwards
     * @throws DamagedObjectException if size or content differ; what was put into the window must not be used
     */
    static void read(ObjectStore store, ObjectId id, BlobTarget.Window target, VerityDigest digest) throws IOException {
        long size = target.remaining();
        try {
            HashingWindow window = new HashingWindow(target, digest::update);
            try {
                store.read(id, ByteRange.all(), window);
            } catch (RangeNotSatisfiableException | IllegalArgumentException e) {
                throw new DamagedObjectException(id, "it has more than the expected " + size + " bytes");
            }
            window.flush();
            if (target.remaining() > 0) {
                throw new DamagedObjectException(
                        id, "it has " + (size - target.remaining()) + " bytes instead of " + size);
            }
            requireEqual(id, digest.digest());
        } finally {
            digest.reset();
        }
    }

    /**
     * Returns whether a stored object has the content that its id says. What the store itself finds damaged, and
     * deletions meanwhile, count as damage.
     */
    static boolean isIntact(ObjectStore store, StoredObject object, VerityDigest digest) throws IOException {
        try (PooledBuffer memory = DirectBufferPool.shared().take(BUFFER)) {
            read(store, object.id(), new PassingWindow(memory.buffer(), object.size()), digest);
            return true;
        } catch (IntegrityException | MissingObjectException | BlobNotFoundException e) {
            return false;
        }
    }

    static void requireEqual(ObjectId wanted, ObjectId actual) throws DamagedObjectException {
        if (!wanted.equals(actual)) {
            throw new DamagedObjectException(wanted, "its content has the id " + actual);
        }
    }
}
