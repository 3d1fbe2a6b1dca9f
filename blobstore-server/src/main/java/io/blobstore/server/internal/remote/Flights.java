package io.blobstore.server.internal.remote;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Work of one kind, done once for all who want the same at the same time. Thread-safe.
 *
 * @param <K> what is wanted
 * @param <V> the result
 */
final class Flights<K, V> {
    private final Executor threads;
    private final Optional<Duration> timeout;
    private final BiConsumer<@Nullable V, @Nullable Throwable> ended;
    private final ConcurrentHashMap<K, CompletableFuture<V>> running = new ConcurrentHashMap<>();

    /**
     * Creates the flights.
     *
     * @param threads do the work
     * @param timeout how long the work for a key may take, once it has begun; then it fails, and nobody waits for it
     * @param ended receives each result, or what the work threw
     */
    Flights(Executor threads, Optional<Duration> timeout, BiConsumer<@Nullable V, @Nullable Throwable> ended) {
        this.ended = ended;
        this.threads = threads;
        this.timeout = timeout;
    }

    /** Joins the work for a key, or begins it. The future fails with what the work throws. */
    CompletableFuture<V> join(K key, Callable<V> work) {
        CompletableFuture<V> mine = new CompletableFuture<>();
        for (; ; ) {
            CompletableFuture<V> other = running.putIfAbsent(key, mine);
            if (other == null) {
                break;
            }
            if (!other.isDone()) {
                return other.copy();
            }
            running.remove(key, other);
        }
        CompletableFuture<?> unused = mine.whenComplete((result, failure) -> {
            running.remove(key, mine);
            ended.accept(result, failure);
        });
        try {
            threads.execute(() -> run(mine, work));
        } catch (RejectedExecutionException e) {
            mine.completeExceptionally(e);
        }
        return mine.copy();
    }

    private void run(CompletableFuture<V> flight, Callable<V> work) {
        if (flight.isDone()) {
            return; // given up while it waited for a thread
        }
        timeout.ifPresent(limit -> flight.orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS));
        try {
            flight.complete(work.call());
        } catch (Throwable e) {
            flight.completeExceptionally(e);
        }
    }

    /** Lets all work fail for those who wait for it. What has begun goes on. */
    void giveUp(Exception cause) {
        List.copyOf(running.values()).forEach(flight -> flight.completeExceptionally(cause));
    }
}
