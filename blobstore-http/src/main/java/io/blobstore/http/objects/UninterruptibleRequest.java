package io.blobstore.http.objects;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Runs requests whose response must not be lost to an interrupt, because it names a resource that must be freed. An
 * interrupt closes the socket that its thread is blocked on, so such a request gets its own thread. After an interrupt
 * of the caller, the request has a grace period of 5 s; then it is interrupted too.
 */
public final class UninterruptibleRequest {
    private static final Duration GRACE = Duration.ofSeconds(5);

    private UninterruptibleRequest() {}

    /**
     * Runs a request in a thread of its own, as a part of the request that the caller's thread sends, and with the
     * header fields that the application adds there. When this method returns, that thread has ended, and the caller's
     * interrupt status is set if it was before, or if the caller was interrupted meanwhile.
     */
    public static <T> T run(BucketContext bucket, BucketContext.Request<T> request) throws IOException {
        RequestScope scope = RequestScope.current();
        FutureTask<T> task =
                new FutureTask<>(bucket.http().carryingAddedHeaders(() -> RequestScope.within(scope, request)));
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
            throw new IllegalStateException("the task has ended already", e);
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
