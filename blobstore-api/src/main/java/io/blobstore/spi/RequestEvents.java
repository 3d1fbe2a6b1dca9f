package io.blobstore.spi;

import io.blobstore.BlobKey;
import io.blobstore.Operation;
import io.blobstore.StoreEvent;
import io.blobstore.StoreObserver;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Reports the requests of one store to its observer. With {@link StoreObserver#NONE}, no event and no other object is
 * created. Thread-safe.
 */
public final class RequestEvents {
    /** The events of a store without an observer. */
    public static final RequestEvents NONE = new RequestEvents(StoreObserver.NONE, "", "");

    private static final AtomicLong LAST_ID = new AtomicLong();

    private final StoreObserver observer;
    private final String backend;
    private final String store;

    private RequestEvents(StoreObserver observer, String backend, String store) {
        this.observer = observer;
        this.backend = backend;
        this.store = store;
    }

    /**
     * Returns the events of a store.
     *
     * @param backend the scheme of the store's URI
     * @param store the text of the store
     */
    public static RequestEvents of(StoreObserver observer, String backend, String store) {
        StoreObserver safe = SafeObserver.of(observer);
        return safe == StoreObserver.NONE ? NONE : new RequestEvents(safe, backend, store);
    }

    /** Returns whether there is an observer. */
    public boolean isObserved() {
        return observer != StoreObserver.NONE;
    }

    /**
     * Reports the start of a request; the caller has to report its end.
     *
     * @param key null if the request concerns no single blob
     * @return {@link ObservedRequest#NONE} without an observer
     */
    public ObservedRequest begin(Operation operation, @Nullable BlobKey key) {
        if (!isObserved()) {
            return ObservedRequest.NONE;
        }
        StoreEvent.RequestStarted started = new StoreEvent.RequestStarted(
                LAST_ID.incrementAndGet(),
                backend,
                store,
                operation,
                Optional.ofNullable(key),
                Optional.ofNullable(TransferEvents.current()));
        ObservedRequest request = new ObservedRequest(observer, started);
        observer.onEvent(started);
        return request;
    }
}
