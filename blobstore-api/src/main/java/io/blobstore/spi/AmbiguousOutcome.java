package io.blobstore.spi;

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
 * What became of a request whose answer is lost: it may have been carried out. Sent again under a condition, it would
 * meet its own blob, and be told that the condition does not hold. So the blob is looked at first: <em>if it has our
 * size and our CRC32C, the request counts as successful</em>. That may be wrong about who stored it, and never about
 * what is stored.
 */
public final class AmbiguousOutcome {
    private AmbiguousOutcome() {}

    /** Asks the store for a blob, as its {@code head} does. */
    @FunctionalInterface
    public interface Head {
        /** What the store knows about the blob. */
        BlobMetadata run() throws IOException;
    }

    /**
     * The blob that is there now; empty if there is none, or none to be seen. A failure to look is added to the
     * problem.
     */
    public static Optional<BlobMetadata> headAfter(Head head, BlobStoreException problem) {
        try {
            return Optional.of(head.run());
        } catch (BlobNotFoundException e) {
            return Optional.empty();
        } catch (IOException e) {
            problem.addSuppressed(e);
            return Optional.empty();
        }
    }

    /**
     * The blob, if it is what was sent although the request failed. If it is not there, or another one, the failure
     * stays what it was.
     *
     * @param size of what was sent
     * @param checksum of what was sent
     * @throws BlobStoreException if the store keeps no checksum to tell it by
     */
    public static Optional<StoredBlob> findSent(
            Operation operation,
            BlobKey key,
            Precondition condition,
            long size,
            Crc32c checksum,
            Head head,
            BlobStoreException problem)
            throws BlobStoreException {
        Optional<BlobMetadata> there = headAfter(head, problem).filter(blob -> blob.size() == size);
        if (there.isEmpty() || isReplaced(condition, there.get().version())) {
            return Optional.empty();
        }
        BlobMetadata blob = there.get();
        if (blob.checksum().isEmpty()) {
            throw new BlobStoreException(
                    operation,
                    key,
                    "the answer was lost, and the server keeps no checksum to tell whose blob is there now; look at it"
                            + " before storing again",
                    problem,
                    false);
        }
        return blob.checksum().equals(Optional.of(checksum))
                ? Optional.of(StoredBlob.of(key, size, blob.version(), blob.checksum()))
                : Optional.empty();
    }

    private static boolean isReplaced(Precondition condition, BlobVersion there) {
        return condition instanceof Precondition.IfMatch match
                && match.version().equals(there);
    }
}
