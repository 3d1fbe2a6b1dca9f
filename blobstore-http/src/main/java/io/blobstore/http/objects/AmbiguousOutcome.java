package io.blobstore.http.objects;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.StoredBlob;
import java.io.IOException;
import java.util.Optional;

/**
 * Resolves requests whose response was lost: they may have been carried out. A conditional request that is sent again
 * would find its own blob, and fail. So the current blob is requested first: <em>if it has the size and the CRC32C that
 * were sent, the request counts as successful</em>. If the server stores no CRC32C, its version may prove the same.
 * That may be wrong about which writer stored the blob, but never about its content. Thread-safe.
 */
public final class AmbiguousOutcome {
    private final HeadRequest head;

    /** Creates an instance for requests to one bucket. */
    public AmbiguousOutcome(HeadRequest head) {
        this.head = head;
    }

    /**
     * Returns the metadata of the current blob; empty if there is none, or if this request fails too: that failure is
     * added to the problem as a suppressed exception.
     */
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
     * Returns the current blob, if it is the one that the failed request sent; empty if there is no blob, or another
     * one.
     *
     * @throws BlobStoreException if neither a checksum nor the version shows which content the blob has
     */
    public Optional<StoredBlob> findSent(
            Operation operation, BlobKey key, Precondition condition, SentContent sent, BlobStoreException problem)
            throws BlobStoreException {
        Optional<BlobMetadata> current = headAfter(operation, key, problem).filter(blob -> blob.size() == sent.size());
        if (current.isEmpty() || isReplacedOne(condition, current.get().version())) {
            return Optional.empty();
        }
        BlobMetadata blob = current.get();
        Optional<Boolean> same = sent.isIn(blob);
        if (same.isEmpty()) {
            throw new BlobStoreException(
                    operation,
                    key,
                    "the response was lost, and the server stores no checksum that shows which writer stored the"
                            + " current blob; check it before storing again",
                    problem,
                    false);
        }
        return same.get()
                ? Optional.of(StoredBlob.of(key, sent.size(), blob.version(), blob.checksum()))
                : Optional.empty();
    }

    /** Returns whether the current version is still the one that the request was to replace. */
    boolean isReplacedOne(Precondition condition, BlobVersion current) {
        return condition instanceof Precondition.IfMatch match && head.matches(match.version(), current);
    }
}
