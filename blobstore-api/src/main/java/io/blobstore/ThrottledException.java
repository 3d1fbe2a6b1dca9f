package io.blobstore;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Signals that the store rejected a request because of its load or a rate limit. Retryable. */
public class ThrottledException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    private final @Nullable Duration retryAfter;

    /**
     * Creates an exception that is retryable.
     *
     * @param retryAfter the delay that the store demanded before the next attempt; null if it demanded none
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
