package io.blobstore.server.internal;

import io.blobstore.cache.RemoteCacheStats;
import io.blobstore.cas.CacheStats;
import io.blobstore.server.internal.remote.RemoteCounts;
import io.blobstore.server.internal.remote.RemoteTier;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToLongFunction;

/** Counts what the protocols do. The values of labels are few: none is chosen by clients. Thread-safe. */
public final class ServerMetrics {
    /**
     * A kind of request.
     *
     * @param protocol {@code http} or {@code grpc}
     * @param operation the method, or {@code other}
     * @param keyspace {@code cas}, {@code ac}, or empty if the request is about neither
     */
    public record Kind(String protocol, String operation, String keyspace) {}

    private record Outcome(Kind kind, String code) {}

    private record ProtocolCounts(
            LongAdder received, LongAdder sent, LongAdder opened, LongAdder closed, LongAdder refused) {
        ProtocolCounts() {
            this(new LongAdder(), new LongAdder(), new LongAdder(), new LongAdder(), new LongAdder());
        }
    }

    private final Map<Outcome, LongAdder> requests = new ConcurrentHashMap<>();
    private final Map<Kind, Histogram> durations = new ConcurrentHashMap<>();
    private final Map<String, ProtocolCounts> protocols = new ConcurrentHashMap<>();

    private ProtocolCounts protocol(String protocol) {
        return protocols.computeIfAbsent(protocol, name -> new ProtocolCounts());
    }

    /**
     * Counts a request that has ended.
     *
     * @param code the status, for example {@code 200} or {@code NOT_FOUND}
     * @param nanos how long it took
     */
    public void request(Kind kind, String code, long nanos) {
        requests.computeIfAbsent(new Outcome(kind, code), key -> new LongAdder())
                .increment();
        durations.computeIfAbsent(kind, key -> new Histogram()).add(nanos);
    }

    /** Counts bytes of bodies that were received. */
    public void received(String protocol, long bytes) {
        protocol(protocol).received.add(bytes);
    }

    /** Counts bytes of bodies that were sent. */
    public void sent(String protocol, long bytes) {
        protocol(protocol).sent.add(bytes);
    }

    /** Counts a connection that was opened. */
    public void opened(String protocol) {
        protocol(protocol).opened.increment();
    }

    /** Counts a connection that was closed. */
    public void closed(String protocol) {
        protocol(protocol).closed.increment();
    }

    /** Counts a connection that was refused, because there were too many. */
    public void refused(String protocol) {
        protocol(protocol).refused.increment();
    }

    /** Returns all counts in the text format of Prometheus. */
    public String text(CacheAccess access, Workers workers) {
        PrometheusText text = new PrometheusText();
        requests(text);
        durations(text);
        protocols(text);
        text.gauge(
                "blobstore_server_read_memory_bytes",
                "Direct memory of content on its way.",
                access.memory().used());
        text.gauge("blobstore_server_waiting_tasks", "Tasks that wait for a worker.", workers.waiting());
        cache(text, access.stats());
        access.remote().ifPresent(remote -> remote(text, remote));
        return text.toString();
    }

    private void requests(PrometheusText text) {
        String name = "blobstore_server_requests_total";
        text.family(name, "counter", "Requests by their outcome.");
        requests.entrySet().stream()
                .sorted(Comparator.comparing(entry -> entry.getKey().toString()))
                .forEach(entry -> text.sample(
                        name,
                        labels(entry.getKey().kind) + ",code=\"" + entry.getKey().code + '"',
                        entry.getValue().sum()));
    }

    private static String labels(Kind kind) {
        return "protocol=\"" + kind.protocol + "\",operation=\"" + kind.operation + "\",keyspace=\"" + kind.keyspace
                + '"';
    }

    private void durations(PrometheusText text) {
        String name = "blobstore_server_request_seconds";
        text.family(name, "histogram", "Time from the head of a request to the end of its response.");
        durations.entrySet().stream()
                .sorted(Comparator.comparing(entry -> entry.getKey().toString()))
                .forEach(entry -> text.histogram(name, labels(entry.getKey()), entry.getValue()));
    }

    private void protocols(PrometheusText text) {
        protocols(
                text,
                "blobstore_server_received_bytes_total",
                "counter",
                "Bytes of request bodies.",
                counts -> counts.received.sum());
        protocols(
                text,
                "blobstore_server_sent_bytes_total",
                "counter",
                "Bytes of response bodies.",
                counts -> counts.sent.sum());
        protocols(
                text,
                "blobstore_server_connections",
                "gauge",
                "Open connections.",
                counts -> counts.opened.sum() - counts.closed.sum());
        protocols(
                text,
                "blobstore_server_refused_connections_total",
                "counter",
                "Connections refused because there were too many.",
                counts -> counts.refused.sum());
    }

    private void protocols(
            PrometheusText text, String name, String type, String help, ToLongFunction<ProtocolCounts> value) {
        text.family(name, type, help);
        protocols.forEach(
                (protocol, counts) -> text.sample(name, "protocol=\"" + protocol + '"', value.applyAsLong(counts)));
    }

    private static void remote(PrometheusText text, RemoteTier remote) {
        RemoteCounts.Snapshot counts = remote.counts();
        RemoteCacheStats cache = counts.cache();
        text.counter("blobstore_remote_hits_total", "Requests that the remote cache answered.", counts.hits());
        text.counter("blobstore_remote_misses_total", "Requests for what neither cache had.", counts.misses());
        text.counter("blobstore_remote_failures_total", "Requests to the remote cache that failed.", counts.failures());
        text.counter("blobstore_remote_avoided_total", "Requests that were not sent, as it failed.", counts.avoided());
        text.gauge("blobstore_remote_down", "1 while the remote cache is left alone.", remote.isAvoided() ? 1 : 0);
        text.counter("blobstore_remote_fetched_total", "Entries that were downloaded.", cache.fetched());
        text.counter("blobstore_remote_fetched_bytes_total", "The size of their content.", cache.fetchedBytes());
        text.counter("blobstore_remote_wrong_total", "Content that was not what its hash says.", cache.wrong());
        text.counter("blobstore_remote_refused_total", "Content for which there was no room.", cache.refused());
        text.counter("blobstore_remote_uploaded_total", "Entries uploaded in the background.", cache.uploaded());
        text.counter("blobstore_remote_skipped_total", "Uploads of what was there already.", cache.skipped());
        text.counter("blobstore_remote_upload_retries_total", "Failed attempts to upload.", cache.uploadRetries());
        text.counter("blobstore_remote_lost_total", "Entries lost before they were uploaded.", cache.lostEntries());
        text.gauge("blobstore_remote_pending_entries", "Entries that wait to be uploaded.", cache.pendingEntries());
        text.gauge("blobstore_remote_pending_bytes", "The size of their content.", cache.pendingBytes());
    }

    private static void cache(PrometheusText text, CacheStats cache) {
        text.gauge("blobstore_cache_entries", "Entries.", cache.entries());
        text.gauge(
                "blobstore_cache_content_bytes", "Size of the content, as far as it is known.", cache.contentBytes());
        text.gauge("blobstore_cache_stored_bytes", "What the entries take on the disk.", cache.storedBytes());
        text.gauge("blobstore_cache_reserved_bytes", "What is kept for unfinished uploads.", cache.reservedBytes());
        text.gauge("blobstore_cache_deleting_bytes", "What is being deleted.", cache.doomedBytes());
        text.gauge("blobstore_cache_max_bytes", "The most that the cache takes on the disk.", cache.maxBytes());
        text.counter("blobstore_cache_hits_total", "Entries that were found.", cache.hits());
        text.counter("blobstore_cache_misses_total", "Entries that were not found.", cache.misses());
        text.counter("blobstore_cache_evictions_total", "Entries evicted to make room.", cache.evictions());
        text.counter("blobstore_cache_corrupt_total", "Damaged entries that were removed.", cache.corrupt());
        text.gauge("blobstore_cache_loading", "1 while the directory is being listed.", cache.loading() ? 1 : 0);
    }
}
