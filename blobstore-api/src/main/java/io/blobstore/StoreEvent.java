package io.blobstore;

import io.blobstore.internal.concurrent.Interrupts;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;

/**
 * An event of a store or of a transfer; see {@link StoreObserver}.
 *
 * <p>Keys and problems are for logs and spans: as tags of metrics they would create a time series for each value.
 *
 * <p>Later versions may add events, and components to the records: use {@code instanceof} and accessors, and ignore
 * other events.
 */
public sealed interface StoreEvent {
    /** The result of a request or transfer, as a tag for metrics. Later versions may add constants. */
    enum Outcome {
        /** It succeeded. */
        SUCCESS,
        /** The blob or the store does not exist. */
        NOT_FOUND,
        /** A precondition did not hold. */
        PRECONDITION_FAILED,
        /** The credentials are missing, refused, or do not permit the operation. */
        PERMISSION_DENIED,
        /** The store refused it because of its load. */
        THROTTLED,
        /** Content differs from its checksum or size. */
        CORRUPT,
        /** The caller cancelled or interrupted it. */
        CANCELLED,
        /** Any other failure. */
        FAILED;

        /** Returns the outcome that a failure means. */
        public static Outcome of(Throwable problem) {
            if (problem instanceof CancellationException || Interrupts.caused(problem)) {
                return CANCELLED;
            }
            if (problem instanceof BlobNotFoundException || problem instanceof StoreNotFoundException) {
                return NOT_FOUND;
            }
            if (problem instanceof PreconditionFailedException) {
                return PRECONDITION_FAILED;
            }
            if (problem instanceof PermissionDeniedException) {
                return PERMISSION_DENIED;
            }
            if (problem instanceof ThrottledException) {
                return THROTTLED;
            }
            return problem instanceof IntegrityException ? CORRUPT : FAILED;
        }

        private static Outcome of(Optional<Throwable> problem) {
            return problem.isEmpty() ? SUCCESS : of(problem.get());
        }

        /** Returns the name in lower case, such as "not_found". */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    // ---- requests

    /**
     * A request of a store is about to be sent.
     *
     * <p>A request is one call of the server's API, with its repetitions. An operation of a store may take none, as for
     * an argument that is refused, or several: a listing takes one for each page. Of a store without a server, it is
     * one call of a method.
     *
     * @param id identifies the request in this JVM
     * @param backend the scheme of the store's URI, such as "s3"
     * @param store the text of the store: {@link BlobStore#toString()}
     * @param operation the operation that needs the request
     * @param key the key of the blob; empty for requests that concern no single blob
     * @param transfer the transfer on whose behalf the current thread sends it, if that transfer is observed
     */
    record RequestStarted(
            long id,
            String backend,
            String store,
            Operation operation,
            Optional<BlobKey> key,
            Optional<TransferStarted> transfer)
            implements StoreEvent {}

    /**
     * An attempt of a request failed, and another one follows. What a transfer repeats, such as a part, are requests of
     * their own; see {@link TransferEnded#retries()}.
     *
     * @param request the request
     * @param attempt the number of the attempt that failed, from 1
     * @param problem its failure
     * @param delay the time until the next attempt
     */
    record RequestRetried(RequestStarted request, int attempt, Throwable problem, Duration delay)
            implements StoreEvent {}

    /**
     * A request has succeeded or failed.
     *
     * @param request the event of its start; the same instance
     * @param duration the time since then, including delays between attempts
     * @param connectionWait the part of that until a connection was available: the wait for one of
     *     {@code maxConnections}, and the time to establish it; the sum over all attempts. Zero for stores without
     *     connections, and for what a client of the caller sends
     * @param attempts the number of attempts, 1 or more
     * @param status the HTTP status of the last response; empty if there was none, or the store does not use HTTP
     * @param bytesSent the bytes of content in the bodies that were sent, including those of failed attempts
     * @param bytesReceived the bytes of content in the bodies that were received, including those of failed attempts
     * @param problem the failure; empty for success
     */
    record RequestEnded(
            RequestStarted request,
            Duration duration,
            Duration connectionWait,
            int attempts,
            OptionalInt status,
            long bytesSent,
            long bytesReceived,
            Optional<Throwable> problem)
            implements StoreEvent {
        /** Returns the result as a tag for metrics. */
        public Outcome outcome() {
            return Outcome.of(problem);
        }
    }

    // ---- transfers

    /** The direction of a transfer. Later versions may add constants. */
    enum Direction {
        /** Content is stored. */
        UPLOAD,
        /** Content is read. */
        DOWNLOAD,
        /** Work that the caller of the manager defines. */
        OTHER;

        /** Returns the name in lower case. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A transfer of a {@link io.blobstore.transfer.TransferManager} was started. The event occurs on the thread of the
     * caller.
     *
     * @param id identifies the transfer in this JVM
     * @param direction what it does
     * @param store the text of the store: {@link BlobStore#toString()}; empty if the caller defines the work
     * @param key the key of the blob; empty if the caller defines the work
     */
    record TransferStarted(long id, Direction direction, String store, Optional<BlobKey> key) implements StoreEvent {}

    /**
     * A transfer has ended, and uses no memory any more. The event occurs on the thread that ended it, before its
     * outcome is visible.
     *
     * @param transfer the event of its start; the same instance
     * @param duration the time since then
     * @param bytes the bytes of the parts that the store has accepted, or that have arrived
     * @param parts the number of those parts
     * @param retries the number of failed attempts that were repeated
     * @param problem the failure; empty for success
     */
    record TransferEnded(
            TransferStarted transfer,
            Duration duration,
            long bytes,
            int parts,
            int retries,
            Optional<Throwable> problem)
            implements StoreEvent {
        /** Returns the result as a tag for metrics. */
        public Outcome outcome() {
            return Outcome.of(problem);
        }
    }

    /**
     * A {@link io.blobstore.transfer.BlobReader} was closed.
     *
     * @param store the text of the store: {@link BlobStore#toString()}
     * @param key the key of the blob
     * @param size the size of the blob in bytes; empty if nothing was read
     * @param bytesRead the bytes that were delivered to the caller
     * @param bytesPrefetched the bytes that were requested ahead of sequential reads
     * @param bytesUnused how many of those were not read afterwards
     */
    record ReaderClosed(
            String store, BlobKey key, OptionalLong size, long bytesRead, long bytesPrefetched, long bytesUnused)
            implements StoreEvent {}
}
