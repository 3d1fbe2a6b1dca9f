package io.blobstore.spring.boot;

import io.blobstore.BlobListing;
import io.blobstore.BlobStore;
import io.blobstore.ListOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Checks whether a store responds: it lists a prefix under which there are no blobs, which also tells a missing bucket
 * and missing permissions. Thread-safe.
 *
 * <p>A check runs on a thread of its own, and is interrupted when its time is over. As long as it has not ended then,
 * no other one is started, so that a store that hangs holds one thread.
 */
final class StoreProbe {
    private static final ListOptions NOTHING = ListOptions.prefix(".blobstore-health/");

    private final String name;
    private final BlobStore store;
    private final Duration timeout;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Thread running; // guarded by lock

    StoreProbe(String name, BlobStore store, Duration timeout) {
        this.name = name;
        this.store = store;
        this.timeout = timeout;
    }

    /** Returns a probe for each store, by the name of the store. */
    static Map<String, StoreProbe> of(Map<String, BlobStore> stores, Duration timeout) {
        Map<String, StoreProbe> probes = new TreeMap<>();
        stores.forEach((name, store) -> probes.put(name, new StoreProbe(name, store, timeout)));
        return probes;
    }

    /** Returns the store as it describes itself, without secrets. */
    String description() {
        return store.toString();
    }

    /** Returns why the store is down; empty if it responds. */
    Optional<Exception> check() {
        FutureTask<Boolean> check = new FutureTask<>(this::list);
        if (!start(check)) {
            return Optional.of(new IOException("an earlier check has not ended"));
        }
        try {
            check.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
            return Optional.empty();
        } catch (ExecutionException e) {
            return Optional.of(e.getCause() instanceof Exception problem ? problem : e);
        } catch (TimeoutException e) {
            check.cancel(true);
            return Optional.of(new IOException("no response within " + timeout.toMillis() + " ms"));
        } catch (InterruptedException e) {
            check.cancel(true);
            Thread.currentThread().interrupt();
            return Optional.of(e);
        }
    }

    private boolean start(FutureTask<Boolean> check) {
        lock.lock();
        try {
            if (running != null && running.isAlive()) {
                return false;
            }
            Thread thread = new Thread(check, "blobstore-health-" + name);
            thread.setDaemon(true);
            thread.start();
            running = thread;
            return true;
        } finally {
            lock.unlock();
        }
    }

    private Boolean list() throws IOException {
        try (BlobListing listing = store.list(NOTHING)) {
            return listing.hasNext();
        }
    }
}
