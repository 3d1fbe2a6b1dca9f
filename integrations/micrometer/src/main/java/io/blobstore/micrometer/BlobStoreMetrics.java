package io.blobstore.micrometer;

import io.blobstore.StoreEvent;
import io.blobstore.StoreEvent.RequestEnded;
import io.blobstore.StoreEvent.RequestRetried;
import io.blobstore.StoreEvent.RequestStarted;
import io.blobstore.StoreEvent.TransferEnded;
import io.blobstore.StoreEvent.TransferStarted;
import io.blobstore.StoreObserver;
import io.blobstore.memory.MappedMemory;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToDoubleFunction;

/**
 * Records the events of stores and transfers as meters of a registry. One instance serves any number of stores and
 * managers. Thread-safe.
 *
 * <pre>{@code
 * BlobStoreMetrics metrics = BlobStoreMetrics.create(registry);
 * BlobStore store = BlobStores.open("s3://images?region=eu-central-1", metrics);
 * TransferManager transfers = TransferManager.builder().observer(metrics).build();
 * }</pre>
 *
 * <p>The meters, with the tags of each:
 *
 * <table>
 * <caption>Meters</caption>
 * <tr><th>name</th><th>type</th><th>tags</th><th>meaning</th></tr>
 * <tr><td>{@code blobstore.requests}</td><td>timer</td><td>backend, store, operation, outcome, status</td>
 *     <td>requests, with their repetitions</td></tr>
 * <tr><td>{@code blobstore.requests.active}</td><td>gauge</td><td>backend, store</td><td>requests in flight</td></tr>
 * <tr><td>{@code blobstore.requests.retries}</td><td>counter</td><td>backend, store, operation, reason</td>
 *     <td>attempts that failed and were repeated by the store</td></tr>
 * <tr><td>{@code blobstore.requests.connection.wait}</td><td>timer</td><td>backend, store</td>
 *     <td>the time until a connection was available</td></tr>
 * <tr><td>{@code blobstore.requests.sent}</td><td>summary, bytes</td><td>backend, store, operation</td>
 *     <td>content sent by requests that sent any</td></tr>
 * <tr><td>{@code blobstore.requests.received}</td><td>summary, bytes</td><td>backend, store, operation</td>
 *     <td>content received by requests that received any</td></tr>
 * <tr><td>{@code blobstore.transfers}</td><td>timer</td><td>direction, store, outcome</td><td>transfers</td></tr>
 * <tr><td>{@code blobstore.transfers.active}</td><td>gauge</td><td>direction, store</td>
 *     <td>transfers that have not ended</td></tr>
 * <tr><td>{@code blobstore.transfers.retries}</td><td>counter</td><td>direction, store</td>
 *     <td>attempts that failed and were repeated by transfers</td></tr>
 * <tr><td>{@code blobstore.transfers.size}</td><td>summary, bytes</td><td>direction, store</td>
 *     <td>content that transfers moved</td></tr>
 * <tr><td>{@code blobstore.reader.read}</td><td>counter, bytes</td><td>store</td>
 *     <td>delivered by readers that were closed</td></tr>
 * <tr><td>{@code blobstore.reader.prefetched}</td><td>counter, bytes</td><td>store, result</td>
 *     <td>prefetched by readers that were closed; the result is {@code used} or {@code unused}</td></tr>
 * <tr><td>{@code blobstore.mapped.files}</td><td>gauge</td><td></td><td>mapped files</td></tr>
 * <tr><td>{@code blobstore.mapped.size}</td><td>gauge, bytes</td><td></td><td>bytes of mapped files</td></tr>
 * <tr><td>{@code blobstore.leases}</td><td>gauge</td><td></td><td>open leases</td></tr>
 * <tr><td>{@code blobstore.leases.leaked}</td><td>counter</td><td></td><td>leases and files never closed</td></tr>
 * </table>
 *
 * <p>{@code store} is the text of the store, such as {@code s3://images}; {@code status} is the HTTP status or
 * {@code none}; {@code outcome} and {@code reason} are those of {@link StoreEvent.Outcome}. Keys are never tags.
 */
public final class BlobStoreMetrics implements StoreObserver {
    private static final String BYTES = "bytes";

    private final MeterRegistry registry;
    private final MeterProvider<Timer> requests;
    private final MeterProvider<Counter> requestRetries;
    private final MeterProvider<Timer> connectionWait;
    private final MeterProvider<DistributionSummary> sent;
    private final MeterProvider<DistributionSummary> received;
    private final MeterProvider<Timer> transfers;
    private final MeterProvider<Counter> transferRetries;
    private final MeterProvider<DistributionSummary> transferred;
    private final MeterProvider<Counter> read;
    private final MeterProvider<Counter> prefetched;
    private final Map<Active, AtomicLong> active = new ConcurrentHashMap<>();

    /** What is counted while it is in progress. */
    private record Active(String meter, String label, String value, String store) {}

    private BlobStoreMetrics(MeterRegistry registry) {
        this.registry = registry;
        requests = Timer.builder("blobstore.requests")
                .description("Requests to stores, with their repetitions")
                .withRegistry(registry);
        requestRetries = Counter.builder("blobstore.requests.retries")
                .description("Attempts of requests that failed and were repeated by the store")
                .withRegistry(registry);
        connectionWait = Timer.builder("blobstore.requests.connection.wait")
                .description("The time until a connection was available for a request")
                .withRegistry(registry);
        sent = summary("blobstore.requests.sent", "Content sent by requests");
        received = summary("blobstore.requests.received", "Content received by requests");
        transfers = Timer.builder("blobstore.transfers")
                .description("Transfers that have ended")
                .withRegistry(registry);
        transferRetries = Counter.builder("blobstore.transfers.retries")
                .description("Attempts that failed and were repeated by transfers")
                .withRegistry(registry);
        transferred = summary("blobstore.transfers.size", "Content that transfers moved");
        read = Counter.builder("blobstore.reader.read")
                .description("Content delivered by readers that were closed")
                .baseUnit(BYTES)
                .withRegistry(registry);
        prefetched = Counter.builder("blobstore.reader.prefetched")
                .description("Content prefetched by readers that were closed")
                .baseUnit(BYTES)
                .withRegistry(registry);
    }

    private MeterProvider<DistributionSummary> summary(String name, String description) {
        return DistributionSummary.builder(name)
                .description(description)
                .baseUnit(BYTES)
                .withRegistry(registry);
    }

    /** Returns metrics of a registry, in which it registers the meters of mapped memory at once. */
    public static BlobStoreMetrics create(MeterRegistry registry) {
        BlobStoreMetrics metrics = new BlobStoreMetrics(registry);
        metrics.gauge("blobstore.mapped.files", "Mapped files", "files", MappedMemory::files);
        metrics.gauge("blobstore.mapped.size", "The size of mapped files", BYTES, MappedMemory::bytes);
        metrics.gauge("blobstore.leases", "Open leases of mapped files", "leases", MappedMemory::leases);
        FunctionCounter.builder(
                        "blobstore.leases.leaked",
                        MappedMemory.class,
                        type -> MappedMemory.current().leaked())
                .description("Leases and mapped files that were never closed")
                .register(registry);
        return metrics;
    }

    private void gauge(String name, String description, String unit, ToDoubleFunction<MappedMemory> value) {
        Gauge.builder(name, () -> value.applyAsDouble(MappedMemory.current()))
                .description(description)
                .baseUnit(unit)
                .register(registry);
    }

    @Override
    public void onEvent(StoreEvent event) {
        if (event instanceof RequestStarted started) {
            active(started).incrementAndGet();
        } else if (event instanceof RequestRetried retried) {
            requestRetries
                    .withTags(operation(retried.request())
                            .and(
                                    "reason",
                                    StoreEvent.Outcome.of(retried.problem()).toString()))
                    .increment();
        } else if (event instanceof RequestEnded ended) {
            record(ended);
        } else if (event instanceof TransferStarted started) {
            active(started).incrementAndGet();
        } else if (event instanceof TransferEnded ended) {
            record(ended);
        } else if (event instanceof StoreEvent.ReaderClosed closed) {
            record(closed);
        }
    }

    private void record(RequestEnded ended) {
        RequestStarted request = ended.request();
        active(request).decrementAndGet();
        Tags tags = operation(request);
        requests.withTags(tags.and("outcome", ended.outcome().toString())
                        .and(
                                "status",
                                ended.status().isPresent()
                                        ? Integer.toString(ended.status().getAsInt())
                                        : "none"))
                .record(ended.duration());
        if (ended.connectionWait().toNanos() > 0) {
            connectionWait.withTags(store(request)).record(ended.connectionWait());
        }
        if (ended.bytesSent() > 0) {
            sent.withTags(tags).record((double) ended.bytesSent());
        }
        if (ended.bytesReceived() > 0) {
            received.withTags(tags).record((double) ended.bytesReceived());
        }
    }

    private void record(TransferEnded ended) {
        active(ended.transfer()).decrementAndGet();
        Tags tags = direction(ended.transfer());
        transfers.withTags(tags.and("outcome", ended.outcome().toString())).record(ended.duration());
        transferred.withTags(tags).record((double) ended.bytes());
        if (ended.retries() > 0) {
            transferRetries.withTags(tags).increment((double) ended.retries());
        }
    }

    private void record(StoreEvent.ReaderClosed closed) {
        Tags tags = Tags.of("store", closed.store());
        read.withTags(tags).increment((double) closed.bytesRead());
        prefetched.withTags(tags.and("result", "used")).increment((double)
                (closed.bytesPrefetched() - closed.bytesUnused()));
        prefetched.withTags(tags.and("result", "unused")).increment((double) closed.bytesUnused());
    }

    private AtomicLong active(RequestStarted request) {
        return active(new Active("blobstore.requests.active", "backend", request.backend(), request.store()));
    }

    private AtomicLong active(TransferStarted transfer) {
        return active(new Active(
                "blobstore.transfers.active", "direction", transfer.direction().toString(), transfer.store()));
    }

    private AtomicLong active(Active what) {
        return active.computeIfAbsent(what, first -> {
            AtomicLong count = new AtomicLong();
            Gauge.builder(first.meter(), count, AtomicLong::doubleValue)
                    .description("In progress now")
                    .tags(first.label(), first.value(), "store", first.store())
                    .register(registry);
            return count;
        });
    }

    private static Tags store(RequestStarted request) {
        return Tags.of("backend", request.backend(), "store", request.store());
    }

    private static Tags operation(RequestStarted request) {
        return store(request).and("operation", request.operation().toString());
    }

    private static Tags direction(TransferStarted transfer) {
        return Tags.of("direction", transfer.direction().toString(), "store", transfer.store());
    }
}
