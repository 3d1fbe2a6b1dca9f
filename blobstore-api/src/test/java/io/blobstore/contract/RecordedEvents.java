package io.blobstore.contract;

import io.blobstore.StoreEvent;
import io.blobstore.StoreObserver;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** An observer that keeps all events, in order. Thread-safe. */
public final class RecordedEvents implements StoreObserver {
    private final List<StoreEvent> events = new CopyOnWriteArrayList<>();

    @Override
    public void onEvent(StoreEvent event) {
        events.add(event);
    }

    /** Returns all events so far. */
    public List<StoreEvent> all() {
        return List.copyOf(events);
    }

    /** Returns the events of a type, in order. */
    public <E extends StoreEvent> List<E> of(Class<E> type) {
        return events.stream().filter(type::isInstance).map(type::cast).toList();
    }

    /** Returns the requests that have ended, in order. */
    public List<StoreEvent.RequestEnded> requests() {
        return of(StoreEvent.RequestEnded.class);
    }

    /** Forgets all events. */
    public void clear() {
        events.clear();
    }
}
