package io.blobstore;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Signals that a store failed an operation, or that the content given to it could not be read. The subtypes tell the
 * reasons apart; {@link #isRetryable()} returns whether the same call may succeed later. An exception of an SDK or of
 * the operating system appears only as the cause.
 *
 * <pre>{@code
 * try {
 *     store.head(key);
 * } catch (BlobNotFoundException e) {
 *     System.out.println("no blob " + key);
 * } catch (BlobStoreException e) {
 *     System.out.println(e.operation() + " failed; " + (e.isRetryable() ? "try again later" : "do not repeat it"));
 * }
 * }</pre>
 *
 * <p>Misuse of the library is signalled by an {@link IllegalArgumentException} or {@link IllegalStateException}
 * instead.
 */
public class BlobStoreException extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient @Nullable BlobKey key;
    private final Operation operation;
    private final boolean retryable;
    private int attempts = 1;

    /**
     * Creates an exception that no subtype describes.
     *
     * @param operation the operation that failed
     * @param key the key of the blob concerned; null if the failure concerns no single blob
     * @param problem the problem and its remedy, without the operation and the key, which precede it in the message
     * @param cause the underlying failure, may be null
     * @param retryable whether the same call may succeed later
     */
    public BlobStoreException(
            Operation operation, @Nullable BlobKey key, String problem, @Nullable Throwable cause, boolean retryable) {
        super(key == null ? operation + ": " + problem : operation + " '" + key + "': " + problem, cause);
        this.key = key;
        this.operation = operation;
        this.retryable = retryable;
    }

    /** Creates an exception for a file that is the source of a blob. Not retryable. */
    BlobStoreException(Path source, String problem, @Nullable Throwable cause) {
        super(Operation.READ_SOURCE + " " + source + ": " + problem, cause);
        this.key = null;
        this.operation = Operation.READ_SOURCE;
        this.retryable = false;
    }

    /** Creates an exception that adds something to the message of another one, which becomes the cause. */
    BlobStoreException(BlobStoreException problem, String addition) {
        super(problem.getMessage() + addition, problem);
        this.key = problem.key;
        this.operation = problem.operation;
        this.retryable = problem.retryable;
    }

    /** Returns the key of the blob concerned; empty for a failure of the store as a whole, or of a source. */
    public Optional<BlobKey> key() {
        return Optional.ofNullable(key);
    }

    /** Returns the operation that failed. */
    public Operation operation() {
        return operation;
    }

    /** Returns whether the same call may succeed later. */
    public boolean isRetryable() {
        return retryable;
    }

    /**
     * Returns how many attempts the store has made: more than 1 if it has repeated the request by itself, and given up.
     * Then the request may succeed later, but should not be repeated at once.
     */
    public int attempts() {
        return attempts;
    }

    /** Sets the number of attempts. To be called by stores that repeat requests, before they throw the exception. */
    public void setAttempts(int attempts) {
        this.attempts = attempts;
    }

    /** Returns the delay that the store demanded before the next attempt; empty if it demanded none. */
    public Optional<Duration> retryAfter() {
        return Optional.empty();
    }
}
