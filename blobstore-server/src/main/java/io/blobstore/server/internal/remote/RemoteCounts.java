package io.blobstore.server.internal.remote;

import io.blobstore.cache.RemoteCacheStats;
import java.util.concurrent.atomic.LongAdder;

/** Counts what clients got from a remote cache. Thread-safe. */
public final class RemoteCounts {
    final LongAdder hits = new LongAdder();
    final LongAdder misses = new LongAdder();
    final LongAdder failures = new LongAdder();
    final LongAdder avoided = new LongAdder();

    RemoteCounts() {}

    /**
     * The counts at a time.
     *
     * @param hits requests of clients that the remote cache answered, after the local one had nothing
     * @param misses requests of clients for what neither had
     * @param failures requests to the remote cache that failed or took too long
     * @param avoided requests that were not sent, as the remote cache had failed before
     * @param cache what was fetched and uploaded
     */
    public record Snapshot(long hits, long misses, long failures, long avoided, RemoteCacheStats cache) {}

    Snapshot snapshot(RemoteCacheStats cache) {
        return new Snapshot(hits.sum(), misses.sum(), failures.sum(), avoided.sum(), cache);
    }
}
