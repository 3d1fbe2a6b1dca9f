package io.blobstore.http.objects;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.StoredBlob;
import java.io.IOException;
import java.util.Optional;

/**
 * Resolves requests whose response was lost: they may have been carried out. Sent again under a condition, such a
 * request would find its own blob, and fail on the condition. So the blob is looked up first: <em>if it has the size
 * and the CRC32C that were sent, the request counts as successful</em>. That may be wrong about which writer stored it,
 * and never about what is stored. Thread-safe.
 */
public final class AmbiguousOutcome {
    private final HeadRequest head;

    /** Creates the resolution of requests to one bucket. */
    public AmbiguousOutcome(HeadRequest head) {
        this.head = head;
    }

    /** Returns the current blob; empty if there is none, or none can be seen: that failure is added to the problem. */
    Optional<BlobMetadata> headAfter(Operation operation, BlobKey key, BlobStoreException problem) {
        try {
            return Optional.of(head.head(operation, key, Optional.empty()));
        } catch (BlobNotFoundException e) {
            return Optional.empty();
        } catch (IOException e) {
            problem.addSuppressed(e);
            return Optional.empty();
        }
    }

    /**
     * Returns the blob, if it is what was sent although the request failed; empty if there is none, or another one.
     *
     * @param size of what was sent
     * @param checksum of what was sent
     * @throws BlobStoreException if the server keeps no checksum to compare with
     */
    public Optional<StoredBlob> findSent(
            Operation operation,
            BlobKey key,
            Precondition condition,
            long size,
            Crc32c checksum,
            BlobStoreException problem)
            throws BlobStoreException {
        Optional<BlobMetadata> current = headAfter(operation, key, problem).filter(blob -> blob.size() == size);
        if (current.isEmpty() || isStillTheOld(condition, current.get().version())) {
            return Optional.empty();
        }
        BlobMetadata blob = current.get();
        if (blob.checksum().isEmpty()) {
            throw new BlobStoreException(
                    operation,
                    key,
                    "the response was lost, and the server keeps no checksum to tell whose blob is there now; look at it"
                            + " before storing again",
                    problem,
                    false);
        }
        return blob.checksum().equals(Optional.of(checksum))
                ? Optional.of(StoredBlob.of(key, size, blob.version(), blob.checksum()))
                : Optional.empty();
    }

    /** Returns whether the blob is still the one that the request was to replace. */
    private static boolean isStillTheOld(Precondition condition, BlobVersion current) {
        return condition instanceof Precondition.IfMatch match
                && match.version().equals(current);
    }
}
