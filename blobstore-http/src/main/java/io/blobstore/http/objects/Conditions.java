package io.blobstore.http.objects;

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
import java.util.Optional;

/** Resolves conditional requests that failed. Thread-safe. */
public final class Conditions {
    private final AmbiguousOutcome outcome;
    private final ErrorTranslator errors;

    /** Creates an instance for requests to one bucket. */
    public Conditions(HeadRequest head, ErrorTranslator errors) {
        outcome = new AmbiguousOutcome(head);
        this.errors = errors;
    }

    /**
     * Returns the blob that a request has stored although it failed.
     *
     * @param mayHaveHappened whether the request may have been carried out: then the current blob is requested
     * @throws BlobStoreException as {@link #explain} returns it, if there is no such blob
     */
    public StoredBlob resolve(
            Operation operation,
            BlobKey key,
            Precondition condition,
            long size,
            Crc32c checksum,
            BlobStoreException problem,
            boolean mayHaveHappened)
            throws BlobStoreException {
        if (mayHaveHappened) {
            Optional<StoredBlob> found = find(operation, key, condition, SentContent.of(size, checksum), problem);
            if (found.isPresent()) {
                return found.get();
            }
        }
        throw explain(operation, key, condition, problem);
    }

    /** Returns the current blob, if it has the content that was sent, as {@link AmbiguousOutcome#findSent} does. */
    public Optional<StoredBlob> find(
            Operation operation, BlobKey key, Precondition condition, SentContent sent, BlobStoreException problem)
            throws BlobStoreException {
        return outcome.findSent(operation, key, condition, sent, problem);
    }

    /**
     * Returns the exception of the contract for a failed condition in place of a 412, 404 or 409; other failures
     * unchanged.
     */
    public BlobStoreException explain(
            Operation operation, BlobKey key, Precondition condition, BlobStoreException problem) {
        if (condition == Precondition.none()) {
            return problem;
        }
        if (errors.isConflict(problem)) {
            return explainConflict(operation, key, condition, problem);
        }
        if (condition instanceof Precondition.IfMatch && problem instanceof BlobNotFoundException) {
            return new PreconditionFailedException(operation, key, "the blob no longer exists", problem);
        }
        if (condition == Precondition.ifAbsent() && problem instanceof PreconditionFailedException) {
            return new BlobAlreadyExistsException(operation, key, problem);
        }
        return problem;
    }

    /** Checks whether the conflicting request has made the condition false. */
    private BlobStoreException explainConflict(
            Operation operation, BlobKey key, Precondition condition, BlobStoreException problem) {
        Optional<BlobMetadata> current = outcome.headAfter(operation, key, problem);
        if (condition == Precondition.ifAbsent() && current.isPresent()) {
            return new BlobAlreadyExistsException(operation, key, problem);
        }
        if (condition instanceof Precondition.IfMatch
                && current.isPresent()
                && !outcome.isReplacedOne(condition, current.get().version())) {
            return new PreconditionFailedException(
                    operation, key, "its version is now " + current.get().version(), problem);
        }
        return problem;
    }
}
