package io.blobstore.s3;

import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoredBlob;
import io.blobstore.spi.AmbiguousOutcome;
import java.util.Optional;

/** What became of a conditional request that failed. A lost answer is looked after: see {@link AmbiguousOutcome}. */
final class Conditions {
    private final S3Context bucket;

    Conditions(S3Context bucket) {
        this.bucket = bucket;
    }

    /** The exception for a failed condition in place of the server's 412, 404 or 409; others unchanged. */
    BlobStoreException explain(Operation operation, BlobKey key, Precondition condition, BlobStoreException problem) {
        if (condition == Precondition.none()) {
            return problem;
        }
        if (isConflict(problem)) {
            return explainConflict(operation, key, condition, problem);
        }
        if (condition instanceof Precondition.IfMatch && problem instanceof BlobNotFoundException) {
            return new PreconditionFailedException(operation, key, "there is no such blob any more", problem);
        }
        if (condition == Precondition.ifAbsent() && problem instanceof PreconditionFailedException) {
            return new BlobAlreadyExistsException(operation, key, problem);
        }
        return problem;
    }

    /** Somebody else was at it in the same moment, and may have made the condition false. */
    private BlobStoreException explainConflict(
            Operation operation, BlobKey key, Precondition condition, BlobStoreException problem) {
        Optional<BlobMetadata> there = AmbiguousOutcome.headAfter(head(operation, key), problem);
        if (condition == Precondition.ifAbsent() && there.isPresent()) {
            return new BlobAlreadyExistsException(operation, key, problem);
        }
        if (condition instanceof Precondition.IfMatch match
                && there.isPresent()
                && !match.version().equals(there.get().version())) {
            return new PreconditionFailedException(
                    operation, key, "its version is " + there.get().version() + " by now", problem);
        }
        return problem;
    }

    /**
     * The blob, if it is what was sent although the request failed.
     *
     * @throws BlobStoreException if that cannot be told
     */
    Optional<StoredBlob> findSent(
            Operation operation,
            BlobKey key,
            Precondition condition,
            long size,
            Crc32c checksum,
            BlobStoreException problem)
            throws BlobStoreException {
        return AmbiguousOutcome.findSent(operation, key, condition, size, checksum, head(operation, key), problem);
    }

    private AmbiguousOutcome.Head head(Operation operation, BlobKey key) {
        return () -> bucket.head(operation, key, Optional.empty());
    }

    /** Whether a request may have been carried out although it failed. A 503 tells as little of that as a 500. */
    static boolean isOutcomeUnknown(BlobStoreException problem) {
        boolean notDone = S3Errors.isTurnedAway(problem) || isConflict(problem) || S3Errors.isUnconnected(problem);
        return problem.isRetryable() && (!notDone || MultipartRequests.wasRepeated(problem));
    }

    static boolean isConflict(BlobStoreException problem) {
        return S3Errors.status(problem) == 409;
    }
}
