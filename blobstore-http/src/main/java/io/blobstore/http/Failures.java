package io.blobstore.http;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.internal.concurrent.Interrupts;
import java.io.InterruptedIOException;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Failures that do not depend on which store is asked, as the contract's exceptions. */
public final class Failures {
    private static final int MAX_CAUSES = 20; // causes may go in circles

    private Failures() {}

    /** The first of a failure and its causes that is of a type. */
    public static <T> Optional<T> cause(Throwable problem, Class<T> type) {
        return cause(problem, type, found -> true);
    }

    /** The first of a failure and its causes that is of a type, and passes a test. */
    public static <T> Optional<T> cause(Throwable problem, Class<T> type, Predicate<T> test) {
        int depth = 0;
        for (Throwable e = problem; e != null && depth < MAX_CAUSES; e = e.getCause(), depth++) {
            if (type.isInstance(e) && test.test(type.cast(e))) {
                return Optional.of(type.cast(e));
            }
        }
        return Optional.empty();
    }

    /** Whether a request failed for want of an answer, for which one wait is enough. */
    public static boolean isSilent(Throwable problem) {
        return cause(problem, TransportException.class, e -> e.kind() != TransportException.Kind.CLOSED)
                .isPresent();
    }

    /**
     * The exception for a request that an interrupt ended. Has a cause by which it is known for that, and sets the
     * status again.
     */
    public static BlobStoreException interrupted(Operation operation, @Nullable BlobKey key, Throwable problem) {
        Thread.currentThread().interrupt();
        Throwable cause =
                Interrupts.caused(problem) ? problem : new InterruptedIOException("interrupted").initCause(problem);
        return new BlobStoreException(
                operation, key, "interrupted; whether the server did it is unknown", cause, false);
    }

    /**
     * The exception for a request that did not get through.
     *
     * @param remedyForNames what to do about a host whose name has no address
     */
    public static BlobStoreException translate(
            Operation operation,
            @Nullable BlobKey key,
            TransportException problem,
            String remedyForNames,
            Throwable cause) {
        String said = message(problem);
        return switch (problem.kind()) {
            case UNKNOWN_HOST -> new BlobStoreException(operation, key, said + "; " + remedyForNames, cause, false);
            case CONNECT ->
                new BlobStoreException(operation, key, said + "; is it up, and the endpoint right?", cause, true);
            case PROXY -> new BlobStoreException(operation, key, said + "; check the proxy's settings", cause, false);
            case TLS, CANCELLED -> new BlobStoreException(operation, key, said, cause, false);
            case TIMEOUT, CLOSED, PROTOCOL -> new BlobStoreException(operation, key, said, cause, true);
        };
    }

    /** What a failure says, in one line. */
    public static String message(Throwable problem) {
        return ResponseText.withoutControls(String.valueOf(problem.getMessage()));
    }
}
