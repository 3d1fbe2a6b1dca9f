package io.blobstore.spi;

import io.blobstore.Operation;
import io.blobstore.StoreEvent;
import io.blobstore.StoreEvent.RequestStarted;
import io.blobstore.StoreObserver;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * One request that is observed: counts what it does, and reports its repetitions and its end. Thread-safe, as some
 * requests are sent by a thread of their own.
 */
public final class ObservedRequest {
    /** The request of a store without an observer; ignores every call. */
    public static final ObservedRequest NONE = new ObservedRequest(
            StoreObserver.NONE, new RequestStarted(0, "", "", Operation.OPEN, Optional.empty(), Optional.empty()));

    private static final int NO_STATUS = 0;

    private final StoreObserver observer;
    private final RequestStarted started;
    private final long startNanos = System.nanoTime();

    // Guarded by this:
    private long waitNanos;
    private int attempts = 1;
    private int status = NO_STATUS;
    private long sent;
    private long received;

    ObservedRequest(StoreObserver observer, RequestStarted started) {
        this.observer = observer;
        this.started = started;
    }

    private boolean isObserved() {
        return observer != StoreObserver.NONE;
    }

    /** Adds to the bytes of content that were sent. */
    public void sent(long bytes) {
        if (isObserved()) {
            exchanged(0, NO_STATUS, bytes, 0);
        }
    }

    /** Adds to the bytes of content that were received. */
    public void received(long bytes) {
        if (isObserved()) {
            exchanged(0, NO_STATUS, 0, bytes);
        }
    }

    /**
     * Adds an exchange with a server over HTTP.
     *
     * @param waitedNanos the time until a connection was available, in nanoseconds
     * @param responded the status of the response; 0 if there was none
     * @param bytesSent the bytes of the request's body that were sent
     * @param bytesReceived the bytes of the response's body that were received
     */
    public synchronized void exchanged(long waitedNanos, int responded, long bytesSent, long bytesReceived) {
        waitNanos += waitedNanos;
        status = responded == NO_STATUS ? status : responded;
        sent += bytesSent;
        received += bytesReceived;
    }

    /** Reports that an attempt failed, and another one follows after a delay. */
    public void retried(Throwable problem, Duration delay) {
        if (isObserved()) {
            observer.onEvent(new StoreEvent.RequestRetried(started, nextAttempt(), problem, delay));
        }
    }

    /** Counts another attempt, and returns the number of the one that failed. */
    private synchronized int nextAttempt() {
        status = NO_STATUS; // of the attempt that failed
        return attempts++;
    }

    /** Reports the end of the request, which has succeeded. */
    public void succeeded() {
        end(null);
    }

    /** Reports the end of the request, which has failed. */
    public void failed(Throwable problem) {
        end(problem);
    }

    private void end(@Nullable Throwable problem) {
        if (isObserved()) {
            observer.onEvent(ended(System.nanoTime(), problem));
        }
    }

    private synchronized StoreEvent.RequestEnded ended(long now, @Nullable Throwable problem) {
        return new StoreEvent.RequestEnded(
                started,
                Duration.ofNanos(now - startNanos),
                Duration.ofNanos(waitNanos),
                attempts,
                status == NO_STATUS ? OptionalInt.empty() : OptionalInt.of(status),
                sent,
                received,
                Optional.ofNullable(problem));
    }
}
