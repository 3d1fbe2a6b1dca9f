package io.blobstore;

import java.util.List;
import java.util.Objects;

/**
 * Receives what stores and transfers do, for metrics, tracing and logs. Set it with the builder of a store or of a
 * {@link io.blobstore.transfer.TransferManager}, with {@link BlobStores#open(String, StoreObserver)}, or around any
 * store with {@link ObservedBlobStore}.
 *
 * <pre>{@code
 * StoreObserver slow = event -> {
 *     if (event instanceof StoreEvent.RequestEnded ended && ended.duration().toSeconds() >= 10) {
 *         System.out.println(ended.request().operation() + " took " + ended.duration() + ": " + ended.outcome());
 *     }
 * };
 * try (BlobStore store = BlobStores.open("mem:", slow)) {
 *     store.delete(BlobKey.of("old"));
 * }
 * }</pre>
 *
 * <p>Called by any number of threads at once: the events of one request by the thread that sends it, between start and
 * end of the call. It must not block, as the request waits for it. An exception that it throws is ignored; the first
 * one is logged.
 */
@FunctionalInterface
public interface StoreObserver {
    /** An observer that ignores every event. Stores create no events for it. */
    StoreObserver NONE = event -> {};

    /** Receives one event. */
    void onEvent(StoreEvent event);

    /** Returns an observer that passes each event on to several ones, in order, until one of them throws. */
    static StoreObserver all(StoreObserver... observers) {
        List<StoreObserver> all = List.of(Objects.requireNonNull(observers, "observers"));
        return event -> all.forEach(observer -> observer.onEvent(event));
    }
}
