package io.blobstore.spi;

import io.blobstore.StoreEvent;
import io.blobstore.StoreObserver;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps what an observer throws from whatever is observed: the first exception is logged. Thread-safe. */
final class SafeObserver implements StoreObserver {
    private static final Logger LOG = LoggerFactory.getLogger(StoreObserver.class);

    private final StoreObserver observer;
    private final AtomicBoolean logged = new AtomicBoolean();

    private SafeObserver(StoreObserver observer) {
        this.observer = observer;
    }

    /** Returns the observer if it is {@link StoreObserver#NONE} or safe; otherwise a safe one around it. */
    static StoreObserver of(StoreObserver observer) {
        Objects.requireNonNull(observer, "observer");
        return observer == NONE || observer instanceof SafeObserver ? observer : new SafeObserver(observer);
    }

    @Override
    public void onEvent(StoreEvent event) {
        try {
            observer.onEvent(event);
        } catch (Throwable e) { // an Error as well: a missing class must not fail what it observes
            if (!logged.getAndSet(true)) {
                LOG.warn("{} threw on an event; what it observes is not affected. Logged once.", observer, e);
            }
        }
    }
}
