package io.blobstore;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The store asks for fewer requests, or for patience. Retryable. */
public class ThrottledException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    private final @Nullable Duration retryAfter;

    /**
     * Makes one.
     *
     * @param retryAfter how long the store asked to be left alone; null if it did not say
     */
    public ThrottledException(
            Operation operation,
            @Nullable BlobKey key,
            String problem,
            @Nullable Duration retryAfter,
            @Nullable Throwable cause) {
        super(operation, key, problem, cause, true);
        this.retryAfter = retryAfter;
    }

    @Override
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }
}
