package io.blobstore.transfer;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How far a transfer is, and its listener, told one thing at a time. */
final class ProgressTracker {
    private static final Logger LOG = LoggerFactory.getLogger(ProgressTracker.class);

    private final String what;
    private final TransferListener listener;
    private final TransferClock clock;
    private final long startNanos;

    /** Puts the listener's calls in order, and is held over them. */
    private final ReentrantLock events = new ReentrantLock();
    // Written under events:
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicInteger parts = new AtomicInteger();
    private final AtomicInteger retries = new AtomicInteger();
    private volatile Total total = new Total(TransferProgress.UNKNOWN, 1);
    /** Until the end; empty before it. */
    private volatile Optional<Duration> elapsed = Optional.empty();

    private record Total(long bytes, int parts) {}

    /**
     * Begins now.
     *
     * @param what the transfer, for the log
     */
    ProgressTracker(String what, TransferListener listener, TransferClock clock) {
        this.what = what;
        this.listener = listener;
        this.clock = clock;
        this.startNanos = clock.nanoTime();
    }

    /** It is known now how much there is to do. */
    void planned(long totalBytes, int totalParts) {
        total = new Total(totalBytes, totalParts);
    }

    /** A part has been moved. */
    void moved(long partBytes) {
        tell(() -> {
            bytes.addAndGet(partBytes);
            parts.incrementAndGet();
            listener.onProgress(progress());
        });
    }

    /** A try failed and will be repeated. */
    void retried(String request, int attempt, Throwable problem, Duration delay) {
        LOG.debug("{}: {} failed, attempt {}; next in {}", what, request, attempt, delay, problem);
        tell(() -> {
            retries.incrementAndGet();
            listener.onRetry(request, attempt, problem, delay);
        });
    }

    /** The transfer is about to complete. */
    void ended(@Nullable Throwable problem) {
        tell(() -> {
            elapsed = Optional.of(elapsedNow());
            listener.onEnd(progress(), problem);
        });
    }

    /** How far it is. */
    TransferProgress progress() {
        Total all = total;
        return new TransferProgress(
                bytes.get(), all.bytes, parts.get(), all.parts, retries.get(), elapsed.orElseGet(this::elapsedNow));
    }

    private Duration elapsedNow() {
        return Duration.ofNanos(clock.nanoTime() - startNanos);
    }

    private void tell(Runnable event) {
        events.lock();
        try {
            event.run();
        } catch (RuntimeException | Error e) {
            LOG.warn("{}: its listener threw; the transfer goes on", what, e);
        } finally {
            events.unlock();
        }
    }
}
