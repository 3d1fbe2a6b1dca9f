package io.blobstore.transfer;

import io.blobstore.ThrottledException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tracks the progress of a transfer and notifies its listener, one event at a time. Thread-safe. */
final class ProgressTracker {
    private static final Logger LOG = LoggerFactory.getLogger(ProgressTracker.class);

    private final String what;
    private final TransferListener listener;
    private final RequestThrottle throttle;
    private final TransferClock clock;
    private final long startNanos;

    /** Serializes the listener's calls; held during them. */
    private final ReentrantLock events = new ReentrantLock();
    // Written under events:
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicInteger parts = new AtomicInteger();
    private final AtomicInteger retries = new AtomicInteger();
    private final AtomicInteger throttledRequests = new AtomicInteger();
    private boolean listenerFailed;
    private volatile Total total = new Total(TransferProgress.UNKNOWN, 1);
    /** The total duration; empty before the end. */
    private volatile Optional<Duration> elapsed = Optional.empty();

    private record Total(long bytes, int parts) {}

    /**
     * Creates a tracker for a transfer that starts now.
     *
     * @param what describes the transfer, for the log
     */
    ProgressTracker(String what, TransferListener listener, RequestThrottle throttle, TransferClock clock) {
        this.what = what;
        this.listener = listener;
        this.throttle = throttle;
        this.clock = clock;
        this.startNanos = clock.nanoTime();
    }

    /** Sets the total number of bytes and parts. */
    void planned(long totalBytes, int totalParts) {
        total = new Total(totalBytes, totalParts);
    }

    /** Records a transferred part. */
    void moved(long partBytes) {
        moved(partBytes, 1);
    }

    /** Records transferred bytes, and how many parts they complete. */
    void moved(long moved, int completeParts) {
        notifyListener(() -> {
            bytes.addAndGet(moved);
            parts.addAndGet(completeParts);
            listener.onProgress(progress());
        });
    }

    /** Records a failed attempt that will be repeated. */
    void retried(String request, int attempt, Throwable problem, Duration delay) {
        LOG.debug("{}: {} failed, attempt {}; next in {}", what, request, attempt, delay, problem);
        notifyListener(() -> {
            retries.incrementAndGet();
            if (problem instanceof ThrottledException) {
                throttledRequests.incrementAndGet();
            }
            listener.onRetry(request, attempt, problem, delay);
        });
    }

    /** Records that the transfer is about to complete. */
    void ended(@Nullable Throwable problem) {
        notifyListener(() -> {
            elapsed = Optional.of(elapsedNow());
            listener.onEnd(progress(), problem);
        });
    }

    /** Returns the progress so far. */
    TransferProgress progress() {
        Total all = total;
        Optional<Duration> end = elapsed;
        return new TransferProgress(
                bytes.get(),
                all.bytes,
                parts.get(),
                all.parts,
                retries.get(),
                throttledRequests.get(),
                throttle.limit(),
                end.isPresent() ? Optional.empty() : throttle.delay(),
                end.orElseGet(this::elapsedNow));
    }

    private Duration elapsedNow() {
        return Duration.ofNanos(clock.nanoTime() - startNanos);
    }

    private void notifyListener(Runnable event) {
        events.lock();
        try {
            event.run();
        } catch (RuntimeException | Error e) {
            if (!listenerFailed) {
                listenerFailed = true;
                LOG.warn("{}: the listener threw; the transfer continues. Logged once.", what, e);
            }
        } finally {
            events.unlock();
        }
    }
}
