package io.blobstore.spi;

import io.blobstore.BlobKey;
import io.blobstore.StoreEvent;
import io.blobstore.StoreEvent.Direction;
import io.blobstore.StoreEvent.TransferEnded;
import io.blobstore.StoreEvent.TransferStarted;
import io.blobstore.StoreObserver;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Reports transfers to an observer, and knows on whose behalf a thread sends requests. With {@link StoreObserver#NONE},
 * no object is created. Thread-safe.
 */
public final class TransferEvents {
    private static final AtomicLong LAST_ID = new AtomicLong();
    private static final ThreadLocal<@Nullable TransferStarted> CURRENT = new ThreadLocal<>();

    private final StoreObserver observer;

    /** Creates the events of one manager of transfers. */
    public TransferEvents(StoreObserver observer) {
        this.observer = SafeObserver.of(observer);
    }

    /** Returns whether there is an observer. */
    public boolean isObserved() {
        return observer != StoreObserver.NONE;
    }

    /**
     * Reports the start of a transfer; the caller has to report its end.
     *
     * @param key null if the transfer concerns no single blob
     */
    public TransferStarted begin(Direction direction, String store, @Nullable BlobKey key) {
        TransferStarted started =
                new TransferStarted(LAST_ID.incrementAndGet(), direction, store, Optional.ofNullable(key));
        observer.onEvent(started);
        return started;
    }

    /** Reports the end of a transfer. */
    public void end(
            TransferStarted transfer,
            Duration duration,
            long bytes,
            int parts,
            int retries,
            @Nullable Throwable problem) {
        observer.onEvent(new TransferEnded(transfer, duration, bytes, parts, retries, Optional.ofNullable(problem)));
    }

    /** Reports another event. */
    public void report(StoreEvent event) {
        observer.onEvent(event);
    }

    /**
     * Sets the transfer on whose behalf this thread sends requests from now on.
     *
     * @param transfer null for none
     * @return the one that was set before, to be set again afterwards; null for none
     */
    public static @Nullable TransferStarted enter(@Nullable TransferStarted transfer) {
        TransferStarted before = CURRENT.get();
        if (transfer == null) {
            CURRENT.remove();
        } else {
            CURRENT.set(transfer);
        }
        return before;
    }

    /** Returns the transfer on whose behalf this thread sends requests; null if none is observed. */
    static @Nullable TransferStarted current() {
        return CURRENT.get();
    }
}
