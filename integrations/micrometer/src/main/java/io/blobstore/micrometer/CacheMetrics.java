package io.blobstore.micrometer;

import io.blobstore.cache.CachedBlobStore;
import io.blobstore.cache.CachedStoreStats;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.function.ToDoubleFunction;

/**
 * Registers meters of a {@link CachedBlobStore}. Needs blobstore-cache, which this module does not depend on otherwise.
 *
 * <table>
 * <caption>Meters, each with the tag {@code store}</caption>
 * <tr><th>name</th><th>type</th><th>meaning</th></tr>
 * <tr><td>{@code blobstore.cache.reads}</td><td>counter</td><td>reads; the tag {@code result} is {@code hit},
 *     {@code miss} or {@code passed}</td></tr>
 * <tr><td>{@code blobstore.cache.fills}</td><td>counter</td><td>downloads into the cache; the tag {@code result} is
 *     {@code begun} or {@code failed}</td></tr>
 * <tr><td>{@code blobstore.cache.failures}</td><td>counter</td><td>operations of the cache that failed</td></tr>
 * <tr><td>{@code blobstore.cache.pending.blobs}</td><td>gauge</td><td>blobs that wait to be uploaded</td></tr>
 * <tr><td>{@code blobstore.cache.pending.size}</td><td>gauge, bytes</td><td>their content</td></tr>
 * <tr><td>{@code blobstore.cache.lost}</td><td>counter</td><td>acknowledged blobs that cannot be uploaded</td></tr>
 * </table>
 */
public final class CacheMetrics {
    private CacheMetrics() {}

    /**
     * Registers the meters of a store, which are removed from a registry with {@link MeterRegistry#remove} only. The
     * registry does not keep the store from being collected.
     */
    public static void bind(MeterRegistry registry, CachedBlobStore store) {
        Tags tags = Tags.of("store", store.toString());
        counter(registry, store, "blobstore.cache.reads", tags.and("result", "hit"), CachedStoreStats::hits);
        counter(registry, store, "blobstore.cache.reads", tags.and("result", "miss"), CachedStoreStats::misses);
        counter(registry, store, "blobstore.cache.reads", tags.and("result", "passed"), CachedStoreStats::passed);
        counter(registry, store, "blobstore.cache.fills", tags.and("result", "begun"), CachedStoreStats::fills);
        counter(registry, store, "blobstore.cache.fills", tags.and("result", "failed"), CachedStoreStats::failedFills);
        counter(registry, store, "blobstore.cache.failures", tags, CachedStoreStats::cacheFailures);
        counter(registry, store, "blobstore.cache.lost", tags, CachedStoreStats::lostBlobs);
        gauge(registry, store, "blobstore.cache.pending.blobs", "blobs", tags, CachedStoreStats::pendingBlobs);
        gauge(registry, store, "blobstore.cache.pending.size", "bytes", tags, CachedStoreStats::pendingBytes);
    }

    private static void counter(
            MeterRegistry registry,
            CachedBlobStore store,
            String name,
            Tags tags,
            ToDoubleFunction<CachedStoreStats> count) {
        FunctionCounter.builder(name, store, cached -> count.applyAsDouble(cached.stats()))
                .tags(tags)
                .register(registry);
    }

    private static void gauge(
            MeterRegistry registry,
            CachedBlobStore store,
            String name,
            String unit,
            Tags tags,
            ToDoubleFunction<CachedStoreStats> value) {
        Gauge.builder(name, store, cached -> value.applyAsDouble(cached.stats()))
                .tags(tags)
                .baseUnit(unit)
                .register(registry);
    }
}
