package io.blobstore.gcs;

import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import java.util.Map;

/** Preconditions as generations: an object that is not there has generation 0. */
final class Conditions {
    private Conditions() {}

    /**
     * The generation that must be there.
     *
     * @throws PreconditionFailedException if no object can have the wanted version
     */
    static long generation(Operation operation, BlobKey key, Precondition.IfMatch match)
            throws PreconditionFailedException {
        return ObjectMetadata.generation(match.version())
                .filter(generation -> generation > 0)
                .orElseThrow(() -> new PreconditionFailedException(
                        operation, key, "'" + match.version() + "' is no version of a blob in this store", null));
    }

    /** Parameters of the JSON API. */
    static Map<String, String> query(Operation operation, BlobKey key, Precondition condition)
            throws PreconditionFailedException {
        if (condition instanceof Precondition.IfMatch match) {
            return Map.of("ifGenerationMatch", Long.toString(generation(operation, key, match)));
        }
        return condition == Precondition.ifAbsent() ? Map.of("ifGenerationMatch", "0") : Map.of();
    }

    /** The exception for a failed condition in place of the server's 412 or 404; others unchanged. */
    static BlobStoreException explain(
            Operation operation, BlobKey key, Precondition condition, BlobStoreException problem) {
        if (condition == Precondition.ifAbsent() && problem instanceof PreconditionFailedException) {
            return new BlobAlreadyExistsException(operation, key, problem);
        }
        if (condition instanceof Precondition.IfMatch && problem instanceof BlobNotFoundException) {
            return new PreconditionFailedException(operation, key, "there is no such blob any more", problem);
        }
        return problem;
    }
}
