package io.blobstore.split.repository;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A writer's session in a bucket: a blob that contains when the session began, by the store's clock, and is written
 * again from time to time.
 */
final class BucketSession implements ObjectStore.Session {
    static final String PREFIX = ".split/sessions/";

    private static final long INTERVAL_NANOS = Duration.ofSeconds(60).toNanos();

    private final BlobStore store;
    private final BlobKey key;
    private final Instant began;
    private final long beganNanos;
    private final Duration reliable;
    private final AtomicLong shownNanos;

    private BucketSession(BlobStore store, BlobKey key, Instant began, Duration grace) {
        this.store = store;
        this.key = key;
        this.began = began;
        this.reliable = grace.dividedBy(2);
        this.beganNanos = System.nanoTime();
        this.shownNanos = new AtomicLong(beganNanos);
    }

    static BucketSession begin(BlobStore store, Duration grace) throws IOException {
        BlobKey key = BlobKey.of(PREFIX + UUID.randomUUID());
        store.store(key, BlobSource.of(StandardCharsets.UTF_8.encode("")));
        return new BucketSession(store, key, store.head(key).lastModified(), grace);
    }

    @Override
    public boolean protects(StoredObject found) {
        Instant now = began.plusNanos(System.nanoTime() - beganNanos);
        return found.stored().isAfter(now.minus(reliable));
    }

    @Override
    public void keepAlive() throws IOException {
        long now = System.nanoTime();
        long shown = shownNanos.get();
        if (now - shown > INTERVAL_NANOS && shownNanos.compareAndSet(shown, now)) {
            store.store(key, BlobSource.of(StandardCharsets.UTF_8.encode(began.toString())));
        }
    }

    @Override
    public void sync() {
        // what a bucket has accepted is durable
    }

    @Override
    public void close() throws IOException {
        store.delete(key);
    }
}
