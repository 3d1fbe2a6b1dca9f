package io.blobstore.split.repository;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

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
    private final LongSupplier clock;
    private final AtomicLong shownNanos;

    private BucketSession(BlobStore store, BlobKey key, Instant began, Duration grace, LongSupplier clock) {
        this.store = store;
        this.key = key;
        this.began = began;
        this.reliable = grace.dividedBy(2);
        this.clock = clock;
        this.beganNanos = clock.getAsLong();
        this.shownNanos = new AtomicLong(beganNanos);
    }

    static BucketSession begin(BlobStore store, Duration grace) throws IOException {
        return begin(store, grace, System::nanoTime);
    }

    /**
     * Begins a session.
     *
     * @param clock counts nanoseconds
     */
    static BucketSession begin(BlobStore store, Duration grace, LongSupplier clock) throws IOException {
        BlobKey key = BlobKey.of(PREFIX + UUID.randomUUID());
        store.store(key, BlobSource.of(StandardCharsets.UTF_8.encode("")));
        return new BucketSession(store, key, store.head(key).lastModified(), grace, clock);
    }

    @Override
    public boolean protects(StoredObject found) {
        Instant now = began.plusNanos(clock.getAsLong() - beganNanos);
        return found.stored().isAfter(now.minus(reliable));
    }

    @Override
    public void keepAlive() throws IOException {
        long now = clock.getAsLong();
        long shown = shownNanos.get();
        if (now - shown <= INTERVAL_NANOS) {
            return;
        }
        if (now - shown > Math.max(reliable.toNanos(), 2 * INTERVAL_NANOS)) {
            throw new BlobStoreException(
                    Operation.STORE,
                    key,
                    "this session stood still for "
                            + Duration.ofNanos(now - shown).toSeconds()
                            + " seconds: to a garbage collection it looks dead, and objects that it relies on may be"
                            + " deleted; split again",
                    null,
                    false);
        }
        if (shownNanos.compareAndSet(shown, now)) {
            show(shown, now);
        }
    }

    private void show(long before, long now) throws IOException {
        try {
            store.store(key, BlobSource.of(StandardCharsets.UTF_8.encode(began.toString())));
        } catch (Throwable e) {
            shownNanos.compareAndSet(now, before); // it is still time to show it
            throw e;
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
