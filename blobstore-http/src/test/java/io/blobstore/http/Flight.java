package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A call that runs in its own thread. A test must close it. */
final class Flight implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 15;

    private final FutureTask<HttpResponse> task;
    private final Thread thread;
    private volatile boolean interruptedAtTheEnd;

    private Flight(Callable<HttpResponse> call) {
        task = new FutureTask<>(() -> {
            try {
                return call.call();
            } finally {
                interruptedAtTheEnd = Thread.currentThread().isInterrupted();
            }
        });
        thread = new Thread(task, "flight");
    }

    static Flight start(Callable<HttpResponse> call) {
        Flight flight = new Flight(call);
        flight.thread.start();
        return flight;
    }

    /** Blocks until the call waits for its socket. */
    void awaitWaiting() {
        awaitIn("sun.nio.ch.SelectorImpl", "select");
    }

    /** Blocks until the call waits for a free connection. */
    void awaitQueued() {
        awaitIn("java.util.concurrent.locks.AbstractQueuedSynchronizer$ConditionObject", "await");
    }

    private void awaitIn(String className, String method) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (Arrays.stream(thread.getStackTrace())
                .noneMatch(frame -> frame.getClassName().equals(className)
                        && frame.getMethodName().equals(method))) {
            if (System.nanoTime() - end > 0 || task.isDone()) {
                throw new AssertionError("the call does not wait in " + method + "; done: " + task.isDone());
            }
            Thread.onSpinWait();
        }
    }

    void interrupt() {
        thread.interrupt();
    }

    /** Blocks until the call has ended, and returns its response. */
    HttpResponse response() throws Exception {
        try {
            return task.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw hangs();
        }
    }

    private AssertionError hangs() {
        AssertionError hangs = new AssertionError("the call hangs");
        hangs.setStackTrace(thread.getStackTrace());
        return hangs;
    }

    /** Blocks until the call has failed, and returns its failure. */
    Throwable failure() throws InterruptedException {
        try {
            throw new AssertionError("it did not fail: " + task.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
        } catch (ExecutionException e) {
            return e.getCause();
        } catch (TimeoutException e) {
            throw hangs();
        }
    }

    /** Blocks until the call has failed with a {@link TransportException}, and returns its kind. */
    TransportException.Kind failureKind() throws InterruptedException {
        Throwable failure = failure();
        assertThat(failure).isInstanceOf(TransportException.class);
        return ((TransportException) failure).kind();
    }

    /** Returns whether the thread's interrupt status was set when the call ended. */
    boolean wasInterrupted() {
        return interruptedAtTheEnd;
    }

    @Override
    public void close() throws InterruptedException {
        thread.interrupt();
        thread.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
    }
}
