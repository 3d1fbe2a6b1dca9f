package io.blobstore;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A store, or the content given to it, failed an operation. Subtypes say how; {@link #isRetryable()} says whether the
 * same call may succeed later. An SDK's or the operating system's exception appears as the cause only.
 *
 * <p>Misuse of the library is no {@code BlobStoreException} but an {@link IllegalArgumentException} or
 * {@link IllegalStateException}.
 */
public class BlobStoreException extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient @Nullable BlobKey key;
    private final String operation;
    private final boolean retryable;

    /**
     * Makes an exception of no particular kind.
     *
     * @param operation what was being done, as a verb: "store", "read", …
     * @param key the blob concerned; null if there is none
     * @param problem what went wrong and what to do, without the operation and the key
     * @param retryable whether the same call may succeed later
     */
    public BlobStoreException(
            String operation, @Nullable BlobKey key, String problem, @Nullable Throwable cause, boolean retryable) {
        super(key == null ? operation + ": " + problem : operation + " '" + key + "': " + problem, cause);
        this.key = key;
        this.operation = operation;
        this.retryable = retryable;
    }

    /** The blob concerned; empty for failures of the store as a whole, or of a source. */
    public Optional<BlobKey> key() {
        return Optional.ofNullable(key);
    }

    /** What was being done, as a verb. */
    public String operation() {
        return operation;
    }

    /** Whether the same call may succeed later. */
    public boolean isRetryable() {
        return retryable;
    }

    /** How long the store asked to be left alone before the next try; empty if it did not say. */
    public Optional<Duration> retryAfter() {
        return Optional.empty();
    }
}
