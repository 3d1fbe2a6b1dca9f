package io.blobstore.cli;

import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferProgress;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/** Runs one transfer to its end: measures it, and shows how far it is. */
final class TransferRun {
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(50);

    private TransferRun() {}

    /** Begins a transfer. */
    @FunctionalInterface
    interface Begin<T> {
        /** Begins it, on threads that outlive it (see {@link HeapMeter}). */
        Transfer<T> begin() throws IOException;
    }

    /** Begins a transfer and waits for its end, always; an interrupt cancels it. */
    static <T> Measurement<T> await(ProgressBar bar, Begin<T> start) throws IOException {
        HeapMeter heap = HeapMeter.start();
        Transfer<T> transfer = start.begin();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    T result = transfer.join(BETWEEN_LOOKS);
                    return new Measurement<>(result, transfer.progress(), heap.bytesAllocated());
                } catch (TimeoutException e) {
                    TransferProgress progress = transfer.progress();
                    bar.show(progress.bytesTransferred(), progress.totalBytes());
                } catch (InterruptedException e) {
                    interrupted = true;
                    transfer.cancel(); // if it is too late for that, it has succeeded, and is to be reported
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Threads for one transfer, made as they are needed, that live until they are shut down. */
    static ExecutorService threads(int count) {
        AtomicInteger number = new AtomicInteger();
        return Executors.newFixedThreadPool(count, task -> {
            Thread thread = new Thread(task, "blobstore-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
    }
}
