package io.blobstore.cli;

import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferProgress;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/** Runs one transfer to its end, measures it, and shows its progress. */
final class TransferRun {
    private static final Duration PROGRESS_INTERVAL = Duration.ofMillis(50);

    /** The default of managers. */
    static final long MOST_BYTES_IN_FLIGHT = 256 << 20;

    private TransferRun() {}

    /**
     * Returns how many bytes of parts may be in flight that are kept in memory: half of what this JVM has, which by
     * default permits as much direct memory as heap.
     */
    static long partMemory() {
        return Math.min(MOST_BYTES_IN_FLIGHT, Runtime.getRuntime().maxMemory() / 2);
    }

    /** Starts a transfer. */
    @FunctionalInterface
    interface Begin<T> {
        /** Starts the transfer, on threads that outlive it (see {@link HeapMeter}). */
        Transfer<T> begin() throws IOException;
    }

    /** Starts a transfer and waits until it has ended; an interrupt cancels it. */
    static <T> Measurement<T> await(ProgressBar bar, Begin<T> start) throws IOException {
        HeapMeter heap = HeapMeter.start();
        Transfer<T> transfer = start.begin();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    T result = transfer.join(PROGRESS_INTERVAL);
                    return new Measurement<>(result, transfer.progress(), heap.bytesAllocated());
                } catch (TimeoutException e) {
                    TransferProgress progress = transfer.progress();
                    bar.show(progress.bytesTransferred(), progress.totalBytes(), progress.throttleDelay());
                } catch (InterruptedException e) {
                    interrupted = true;
                    transfer.cancel(); // if it is too late to cancel, the transfer has succeeded and is reported
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Creates a pool of threads for one transfer, which live until it is shut down. */
    static ExecutorService threads(int count) {
        AtomicInteger number = new AtomicInteger();
        return Executors.newFixedThreadPool(count, task -> {
            Thread thread = new Thread(task, "blobstore-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
    }
}
