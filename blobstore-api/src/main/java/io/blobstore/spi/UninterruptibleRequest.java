package io.blobstore.spi;

import io.blobstore.BlobStoreException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Predicate;

/**
 * Runs a request whose answer must not be lost to an interrupt: it names what has to be freed. A blocked socket is
 * closed by an interrupt of its thread, so the request gets a thread of its own. After an interrupt of the caller the
 * request has a grace period to end by itself; then it is interrupted too.
 */
public final class UninterruptibleRequest {
    private static final Duration GRACE = Duration.ofSeconds(5);
    private static final int FREEING_ATTEMPTS = 3;

    private UninterruptibleRequest() {}

    /** A request without an answer of interest. */
    @FunctionalInterface
    public interface Cleaning {
        /** Sends it. */
        void run() throws IOException;
    }

    /**
     * Frees something, though the thread was interrupted before: that is put off. An interrupt that comes meanwhile
     * counts. What the store fails at is asked for again at once, up to three times in all, as nobody comes back to do
     * it later, and it would cost money until a lifecycle rule finds it.
     *
     * @param again whether it is worth it to ask again, after a failure that may pass
     */
    public static void free(Cleaning cleaning, Predicate<BlobStoreException> again) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            for (int attempt = 1; ; attempt++) {
                try {
                    cleaning.run();
                    return;
                } catch (BlobStoreException e) {
                    if (attempt == FREEING_ATTEMPTS || !e.isRetryable() || !again.test(e)) {
                        throw e;
                    }
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Runs it. When this returns, the thread has ended; the caller's interrupt status is as it was, or set meanwhile.
     */
    public static <T> T run(OpenUploads.Creation<T> request) throws IOException {
        FutureTask<T> task = new FutureTask<>(request::run);
        Thread thread = new Thread(task, "blobstore-create-upload");
        thread.setDaemon(true);
        thread.start();
        boolean interrupted = join(thread);
        try {
            return task.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException problem) {
                throw problem;
            }
            if (e.getCause() instanceof Error problem) {
                throw problem;
            }
            throw (IOException) e.getCause();
        } catch (InterruptedException e) {
            throw new IllegalStateException("the task has ended, and is not waited for", e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static boolean join(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                if (interrupted) {
                    thread.join(GRACE.toMillis());
                    thread.interrupt();
                }
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        return interrupted;
    }
}
