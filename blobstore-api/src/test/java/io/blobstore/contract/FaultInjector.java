package io.blobstore.contract;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.ThrottledException;
import io.blobstore.contract.FaultyBlobStore.Fault;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Chooses the faults of requests by a plan, injects those that do not concern content, and counts. Thread-safe. */
final class FaultInjector {
    private final FaultPlan plan;
    private final AtomicLong requests = new AtomicLong();
    private final Map<Operation, AtomicInteger> perOperation = new EnumMap<>(Operation.class);
    private final Map<Fault, AtomicInteger> injected = new EnumMap<>(Fault.class);
    private final ConcurrentHashMap<String, Integer> attempts = new ConcurrentHashMap<>();
    private final Semaphore stalls = new Semaphore(0);
    private final CountDownLatch stallsReleased = new CountDownLatch(1);

    FaultInjector(FaultPlan plan) {
        this.plan = plan;
        for (Operation operation : Operation.values()) {
            perOperation.put(operation, new AtomicInteger());
        }
        for (Fault fault : Fault.values()) {
            injected.put(fault, new AtomicInteger());
        }
    }

    /**
     * A request and its fault.
     *
     * @param random the source of the details
     */
    record Draw(
            Operation operation,
            @Nullable BlobKey key,
            @Nullable Fault fault,
            SplittableRandom random) {}

    Draw draw(Operation operation, @Nullable BlobKey key, int part) {
        String what = operation.name() + "|" + key + "|" + part;
        SplittableRandom random = plan.random(what, attempts.merge(what, 1, Integer::sum));
        long number = requests.incrementAndGet();
        int nth = count(perOperation, operation).incrementAndGet();
        return new Draw(operation, key, plan.fault(operation, number, nth, random), random);
    }

    /** Injects the faults that occur before the store receives the request. */
    void before(Draw draw) throws IOException {
        if (draw.fault == null) {
            return;
        }
        switch (draw.fault) {
            case ERROR -> throw failure(draw, "the connection was reset before the request was sent", true);
            case FATAL_ERROR -> throw failure(draw, "the store rejects the request", false);
            case THROTTLED -> {
                injecting(Fault.THROTTLED);
                throw new ThrottledException(draw.operation, draw.key, "too many requests", plan.retryAfter(), null);
            }
            case STALL -> stall(draw);
            default -> {
                // Injected elsewhere.
            }
        }
    }

    /** Injects the loss of the response. */
    void after(Draw draw) throws IOException {
        if (draw.fault == Fault.RESPONSE_LOST) {
            throw failure(draw, "the connection was reset before the response arrived", true);
        }
    }

    private void stall(Draw draw) throws IOException {
        injecting(Fault.STALL);
        stalls.release();
        try {
            stallsReleased.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BlobStoreException(draw.operation, draw.key, "interrupted while the store stalled", e, false);
        }
    }

    /** Creates the exception of a request's fault, and counts the fault. */
    BlobStoreException failure(Draw draw, String problem, boolean retryable) {
        if (draw.fault != null) {
            injecting(draw.fault);
        }
        return new BlobStoreException(draw.operation, draw.key, problem + " (injected)", null, retryable);
    }

    /** Counts a fault that is injected. */
    void injecting(Fault fault) {
        count(injected, fault).incrementAndGet();
    }

    private static <K> AtomicInteger count(Map<K, AtomicInteger> counts, K key) {
        AtomicInteger count = counts.get(key);
        if (count == null) {
            throw new AssertionError("no counter of " + key);
        }
        return count;
    }

    // ---- for tests; see FaultyBlobStore

    long requests() {
        return requests.get();
    }

    int requests(Operation operation) {
        return count(perOperation, operation).get();
    }

    int injected(Fault fault) {
        return count(injected, fault).get();
    }

    int injected() {
        return injected.values().stream().mapToInt(AtomicInteger::get).sum();
    }

    void awaitStall() throws InterruptedException {
        stalls.acquire();
    }

    void releaseStalls() {
        stallsReleased.countDown();
    }
}
