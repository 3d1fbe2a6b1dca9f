/**
 * Metrics and tracing of stores and transfers with Micrometer: {@link io.blobstore.micrometer.BlobStoreMetrics} records
 * meters, {@link io.blobstore.micrometer.BlobStoreObservations} makes spans.
 *
 * <p>May depend on {@code io.blobstore} (the contract with its events), {@code io.blobstore.memory}, Micrometer, and in
 * {@link io.blobstore.micrometer.CacheMetrics} only {@code io.blobstore.cache}.
 *
 * @since 0.1.0
 */
@NullMarked
package io.blobstore.micrometer;

import org.jspecify.annotations.NullMarked;
