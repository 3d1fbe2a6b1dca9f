package io.blobstore.http.objects;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import java.io.IOException;
import java.util.Optional;

/**
 * Sends a request that makes content visible that the server has already, such as a completion or a copy, and repeats
 * it after failures as {@link Retries} describes. The server's work may take minutes, and may have been done although
 * the request failed. So a failure is answered by its kind:
 *
 * <ul>
 *   <li>The server may still be at work: the blob is looked up. If it is not there, the failure is final, as a second
 *       request would do the work twice.
 *   <li>The request has a condition and may have been carried out, or an earlier attempt may have been: the blob is
 *       looked up, as a second request would fail because of its own blob. If it is not there, the request is repeated.
 *   <li>Otherwise the request is repeated.
 * </ul>
 *
 * Not thread-safe.
 *
 * @param <T> the type of the result
 */
public final class PublishingRequest<T> {
    private final BucketContext bucket;
    private final Operation operation;
    private final BlobKey key;
    private final Precondition condition;
    private final Handling<T> handling;

    /** Whether an earlier attempt may have been carried out although it failed. */
    private boolean unknown;

    /**
     * Creates a request that has not been sent.
     *
     * @param operation the operation for failures
     * @param key the key for failures
     * @param condition the condition of the request itself
     */
    public PublishingRequest(
            BucketContext bucket, Operation operation, BlobKey key, Precondition condition, Handling<T> handling) {
        this.bucket = bucket;
        this.operation = operation;
        this.key = key;
        this.condition = condition;
        this.handling = handling;
    }

    /** How failures of a kind of request are handled. */
    public interface Handling<T> {
        /** Returns the result, if the current blob proves that the request was carried out. */
        Optional<T> find(BlobStoreException problem) throws IOException;

        /** Returns whether a failure means that the request was probably carried out before. */
        default boolean isGone(BlobStoreException problem) {
            return false;
        }

        /** Returns the exception of the contract for a failure. */
        default BlobStoreException explain(BlobStoreException problem) throws IOException {
            return problem;
        }
    }

    /** Sends the request once. */
    @FunctionalInterface
    public interface Sending<T> {
        /**
         * Sends the request and returns the result.
         *
         * @param attempts to be restarted if the request consists of several, and one has succeeded
         */
        T run(Retries.Attempts attempts) throws IOException;
    }

    /** Runs the request. May be called again after a failure. */
    public T run(Sending<T> sending) throws IOException {
        return bucket.observed(operation, key, () -> repeated(sending));
    }

    private T repeated(Sending<T> sending) throws IOException {
        Retries.Attempts attempts = bucket.retries().begin();
        while (true) {
            BlobStoreException problem;
            try {
                return sending.run(attempts);
            } catch (BlobStoreException e) {
                problem = e;
            }
            boolean ambiguous = bucket.errors().isOutcomeUnknown(problem);
            boolean underWay = attempts.mayBeUnderWay(bucket.errors(), problem);
            boolean mayBeThere = handling.isGone(problem)
                    || (unknown && isRefusedByItself(problem))
                    || (ambiguous && isConditional());
            unknown |= ambiguous;
            if (underWay || mayBeThere) {
                Optional<T> found = handling.find(problem);
                if (found.isPresent()) {
                    return found.get();
                }
            }
            if (underWay) {
                throw underWay(problem);
            }
            BlobStoreException explained = handling.explain(problem);
            if (!bucket.awaitNext(attempts, operation, key, explained)) {
                throw explained;
            }
        }
    }

    private boolean isConditional() {
        return condition != Precondition.none();
    }

    private boolean isRefusedByItself(BlobStoreException problem) {
        return problem instanceof PreconditionFailedException || bucket.errors().isConflict(problem);
    }

    private BlobStoreException underWay(BlobStoreException problem) {
        return new BlobStoreException(
                operation,
                key,
                "the server has not answered, and may still be at work; so the request is not repeated: check the blob"
                        + " later, and raise answerTimeout if the server needs more time",
                problem,
                false);
    }
}
