package io.blobstore;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Signals that the store rejected a request because of its load or a rate limit. Retryable: transfers repeat the
 * request, and slow down, as {@link io.blobstore.transfer.RetryPolicy} describes.
 */
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

    private ThrottledException(ThrottledException last, String addition) {
        super(last, addition);
        this.retryAfter = last.retryAfter;
        setAttempts(last.attempts());
    }

    /**
     * Returns an exception with the same reason, which also says for how long requests were repeated in vain. This
     * exception becomes its cause.
     *
     * @param duration the time since the first of the requests was rejected
     * @param requests the number of rejected requests, this one included
     */
    public ThrottledException after(Duration duration, long requests) {
        return new ThrottledException(
                this, "; throttled for " + duration.toSeconds() + " s, " + requests + " requests were refused");
    }

    @Override
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }
}
