package io.blobstore.gcs;

import io.blobstore.BlobKey;
import io.blobstore.BlobVersion;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import java.util.Map;
import java.util.Optional;

/** Converts preconditions to generations. An object that does not exist has generation 0. */
final class Generations {
    private Generations() {}

    /**
     * Returns the generation that a blob must have.
     *
     * @throws PreconditionFailedException if no object can have the wanted version
     */
    static long require(Operation operation, BlobKey key, BlobVersion wanted) throws PreconditionFailedException {
        return ObjectMetadata.generation(wanted)
                .filter(generation -> generation > 0)
                .orElseThrow(() -> new PreconditionFailedException(
                        operation, key, "'" + wanted + "' is not a version of a blob in this store", null));
    }

    /** Returns the generation that a precondition demands, 0 for no blob; empty without a condition. */
    static Optional<Long> of(Operation operation, BlobKey key, Precondition condition)
            throws PreconditionFailedException {
        if (condition instanceof Precondition.IfMatch match) {
            return Optional.of(require(operation, key, match.version()));
        }
        return condition == Precondition.ifAbsent() ? Optional.of(0L) : Optional.empty();
    }

    /** Returns a precondition as parameters of the JSON API. */
    static Map<String, String> query(Operation operation, BlobKey key, Precondition condition)
            throws PreconditionFailedException {
        return of(operation, key, condition)
                .map(generation -> Map.of("ifGenerationMatch", Long.toString(generation)))
                .orElse(Map.of());
    }
}
