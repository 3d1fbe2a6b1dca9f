package io.blobstore.micrometer;

import io.blobstore.StoreEvent;
import io.blobstore.StoreEvent.RequestEnded;
import io.blobstore.StoreEvent.RequestRetried;
import io.blobstore.StoreEvent.RequestStarted;
import io.blobstore.StoreEvent.TransferEnded;
import io.blobstore.StoreEvent.TransferStarted;
import io.blobstore.StoreObserver;
import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Makes an observation of each request and each transfer, which a tracing handler of the registry turns into a span.
 * The observation of a request is the child of its transfer, or else of the current observation of the thread, and is
 * the current one while the request is sent. One instance serves any number of stores and managers. Thread-safe.
 *
 * <pre>{@code
 * BlobStoreObservations observations = BlobStoreObservations.create(registry);
 * BlobStore store = S3BlobStore.builder("images")
 *         .observer(observations)
 *         .addedHeaders(observations.headers()) // traceparent, as the tracer propagates it
 *         .open();
 * TransferManager transfers = TransferManager.builder().observer(observations).build();
 * }</pre>
 *
 * <p>{@code blobstore.request} has the low-cardinality keys {@code backend}, {@code store}, {@code operation},
 * {@code outcome} and {@code status}, the high-cardinality keys {@code attempts}, {@code bytes.sent} and
 * {@code bytes.received}, and an event {@code retry} for each repetition. {@code blobstore.transfer} has
 * {@code direction}, {@code store} and {@code outcome}, and {@code bytes}, {@code parts} and {@code retries}. The keys
 * of blobs are not added: an {@link io.micrometer.observation.ObservationFilter} can take them from
 * {@link RequestContext#request()}.
 */
public final class BlobStoreObservations implements StoreObserver {
    private final ObservationRegistry registry;
    private final Map<Long, Running> requests = new ConcurrentHashMap<>();
    private final Map<Long, Observation> transfers = new ConcurrentHashMap<>();

    /** The observation of a request, and its scope on the thread that sends it. */
    private record Running(Observation observation, Observation.Scope scope) {}

    private BlobStoreObservations(ObservationRegistry registry) {
        this.registry = registry;
    }

    /** Returns observations of a registry. */
    public static BlobStoreObservations create(ObservationRegistry registry) {
        return new BlobStoreObservations(registry);
    }

    /**
     * Returns the header fields by which the tracer propagates the trace of the request that the current thread sends:
     * for {@code addedHeaders} of the builder of a store. Empty without a tracing handler, and on other threads.
     */
    public Supplier<Map<String, String>> headers() {
        return () -> {
            Observation current = registry.getCurrentObservation();
            return current != null && current.getContext() instanceof RequestContext request
                    ? request.headers()
                    : Map.of();
        };
    }

    @Override
    public void onEvent(StoreEvent event) {
        if (event instanceof RequestStarted started) {
            begin(started);
        } else if (event instanceof RequestRetried retried) {
            Running running = requests.get(retried.request().id());
            if (running != null) {
                running.observation().event(Observation.Event.of("retry", "attempt " + retried.attempt() + " failed"));
            }
        } else if (event instanceof RequestEnded ended) {
            end(ended);
        } else if (event instanceof TransferStarted started) {
            begin(started);
        } else if (event instanceof TransferEnded ended) {
            end(ended);
        }
    }

    private void begin(RequestStarted request) {
        Observation observation = Observation.createNotStarted(
                        "blobstore.request", () -> new RequestContext(request), registry)
                .contextualName(request.backend() + " " + request.operation())
                .lowCardinalityKeyValues(KeyValues.of(
                        "backend",
                        request.backend(),
                        "store",
                        request.store(),
                        "operation",
                        request.operation().toString(),
                        "outcome", // every observation needs all keys, also while it is in progress
                        KeyValue.NONE_VALUE,
                        "status",
                        KeyValue.NONE_VALUE));
        request.transfer().map(transfer -> transfers.get(transfer.id())).ifPresent(observation::parentObservation);
        observation.start();
        requests.put(request.id(), new Running(observation, observation.openScope()));
    }

    private void end(RequestEnded ended) {
        Running running = requests.remove(ended.request().id());
        if (running == null) {
            return;
        }
        running.scope().close();
        Observation observation = running.observation();
        observation
                .lowCardinalityKeyValue("outcome", ended.outcome().toString())
                .highCardinalityKeyValue("attempts", Integer.toString(ended.attempts()))
                .highCardinalityKeyValue("bytes.sent", Long.toString(ended.bytesSent()))
                .highCardinalityKeyValue("bytes.received", Long.toString(ended.bytesReceived()));
        ended.status().ifPresent(status -> observation.lowCardinalityKeyValue("status", Integer.toString(status)));
        ended.problem().ifPresent(observation::error);
        observation.stop();
    }

    private void begin(TransferStarted transfer) {
        Observation observation = Observation.createNotStarted("blobstore.transfer", registry)
                .contextualName("blobstore " + transfer.direction())
                .lowCardinalityKeyValues(KeyValues.of(
                        "direction",
                        transfer.direction().toString(),
                        "store",
                        transfer.store(),
                        "outcome",
                        KeyValue.NONE_VALUE))
                .start();
        transfers.put(transfer.id(), observation);
    }

    private void end(TransferEnded ended) {
        Observation observation = transfers.remove(ended.transfer().id());
        if (observation == null) {
            return;
        }
        observation
                .lowCardinalityKeyValue("outcome", ended.outcome().toString())
                .highCardinalityKeyValue("bytes", Long.toString(ended.bytes()))
                .highCardinalityKeyValue("parts", Integer.toString(ended.parts()))
                .highCardinalityKeyValue("retries", Integer.toString(ended.retries()));
        ended.problem().ifPresent(observation::error);
        observation.stop();
    }
}
