package io.blobstore.http.objects;

import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.PermissionDeniedException;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoredBlob;
import java.io.IOException;
import java.util.Optional;

/**
 * Resolves conditional requests that failed, and checks conditions for servers that may ignore them. Thread-safe.
 *
 * <p>Several compatible servers ignore {@code If-None-Match}, {@code If-Match} or {@code ifGenerationMatch} in some
 * requests and answer with success. So without knowledge of a server, a request that asks for the blob's metadata is
 * sent directly before each conditional one, which has its condition nevertheless. A server that enforces conditions
 * thus loses nothing but the time of a request; with one that does not, only a writer between the two requests goes
 * undetected. Servers are not probed: that takes writing into a user's bucket, and for each kind of request.
 */
public final class Conditions {
    private final AmbiguousOutcome outcome;
    private final HeadRequest head;
    private final ErrorTranslator errors;
    private final boolean enforced;

    /**
     * Creates an instance for requests to one bucket.
     *
     * @param enforced whether the server is known to enforce conditions; otherwise {@link #check} checks them
     */
    public Conditions(HeadRequest head, ErrorTranslator errors, boolean enforced) {
        this.head = head;
        this.enforced = enforced;
        outcome = new AmbiguousOutcome(head);
        this.errors = errors;
    }

    /**
     * Checks the condition of a request that is sent next, unless the server is known to enforce conditions.
     *
     * @throws PreconditionFailedException if the condition does not hold
     */
    public void check(Operation operation, BlobKey key, Precondition condition) throws IOException {
        if (enforced || condition == Precondition.none()) {
            return;
        }
        Optional<BlobVersion> wanted =
                condition instanceof Precondition.IfMatch match ? Optional.of(match.version()) : Optional.empty();
        try {
            head.head(operation, key, wanted);
        } catch (BlobNotFoundException e) {
            if (wanted.isPresent()) {
                throw explain(operation, key, condition, e);
            }
            return;
        } catch (PermissionDeniedException e) {
            throw new PermissionDeniedException(
                    operation,
                    key,
                    "the precondition cannot be checked without permission to read the blob's metadata; grant it, or"
                            + " set nativeConditions=true if the server enforces preconditions itself",
                    e);
        }
        if (wanted.isEmpty()) {
            throw new BlobAlreadyExistsException(operation, key, null);
        }
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
        if (condition == Precondition.ifAbsent()
                && problem instanceof PreconditionFailedException
                && !(problem instanceof BlobAlreadyExistsException)) {
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
