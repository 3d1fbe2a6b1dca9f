package io.blobstore.split.repository;

import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.internal.concurrent.Interrupts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A writer's session in a bucket: a blob that contains when the session began, by the store's clock, and is written
 * again from time to time. A garbage collection deletes a blob that was not, for the grace period: of a process that
 * has died, or that was suspended, which finds out before it relies on anything.
 */
final class BucketSession implements ObjectStore.Session {
    static final String PREFIX = ".split/sessions/";

    private static final Logger LOG = LoggerFactory.getLogger(BucketSession.class);
    private static final Duration INTERVAL = Duration.ofSeconds(60);

    private final BlobStore store;
    private final DeletionMark mark;
    private final Optional<String> firstMark;
    private final BlobKey key;
    private final Instant began;
    private final long beganNanos;
    private final Duration reliable;
    private final LongSupplier clock;
    /** How long the blob may not have been written before a failure to do so counts. */
    private final long patienceNanos;

    private final AtomicLong attemptedNanos;
    private volatile long shownNanos;

    private BucketSession(
            BlobStore store,
            Optional<String> firstMark,
            BlobKey key,
            Instant began,
            Duration grace,
            LongSupplier clock) {
        this.store = store;
        this.mark = new DeletionMark(store);
        this.firstMark = firstMark;
        this.key = key;
        this.began = began;
        this.reliable = grace.dividedBy(2);
        this.clock = clock;
        this.beganNanos = clock.getAsLong();
        this.patienceNanos = grace.dividedBy(4).toNanos();
        this.attemptedNanos = new AtomicLong(beganNanos);
        this.shownNanos = beganNanos;
    }

    static BucketSession begin(BlobStore store, UUID id, Duration grace) throws IOException {
        return begin(store, id, grace, System::nanoTime);
    }

    /**
     * Begins a session.
     *
     * @param clock counts nanoseconds
     */
    static BucketSession begin(BlobStore store, UUID id, Duration grace, LongSupplier clock) throws IOException {
        BlobKey key = BlobKey.of(PREFIX + id);
        store.store(key, BlobSource.of(StandardCharsets.UTF_8.encode("")));
        Optional<String> firstMark = new DeletionMark(store).read();
        return new BucketSession(store, firstMark, key, store.head(key).lastModified(), grace, clock);
    }

    @Override
    public boolean protects(StoredObject found) {
        return found.stored().isAfter(now().minus(reliable));
    }

    private Instant now() {
        return began.plusNanos(clock.getAsLong() - beganNanos);
    }

    @Override
    public boolean settle() throws IOException {
        Optional<String> last = mark.awaitEnd(this::now);
        return last.equals(firstMark) && !DeletionMark.isDeletion(last);
    }

    @Override
    public void keepAlive() throws IOException {
        long now = clock.getAsLong();
        long attempted = attemptedNanos.get();
        if (now - attempted >= INTERVAL.toNanos() && attemptedNanos.compareAndSet(attempted, now)) {
            try {
                requireAlive();
                store.store(key, BlobSource.of(StandardCharsets.UTF_8.encode(began.toString())));
                shownNanos = now;
            } catch (BlobStoreException e) {
                if (!e.isRetryable() || Interrupts.caused(e) || now - shownNanos >= patienceNanos) {
                    throw e;
                }
                LOG.warn("{} could not be written; it is tried again", key, e);
            }
        }
    }

    private void requireAlive() throws IOException {
        try {
            store.head(key);
        } catch (BlobNotFoundException e) {
            throw new BlobStoreException(
                    Operation.STORE,
                    key,
                    "a garbage collection has ended this writer's session, which was not heard of for too long, and may"
                            + " have deleted what the writer relies on; start again",
                    e,
                    false);
        }
    }

    /** Fails if this session was ended: what a bucket has accepted is durable, but may have been deleted since. */
    @Override
    public void sync() throws IOException {
        requireAlive();
    }

    @Override
    public void close() throws IOException {
        store.delete(key);
    }
}
