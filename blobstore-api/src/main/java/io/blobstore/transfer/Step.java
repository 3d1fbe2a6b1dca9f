package io.blobstore.transfer;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A transfer that is a step of another one: runs on a worker of the other, and counts in its progress as one part.
 *
 * <p>It is not among the running transfers of the manager: closing the manager waits for the other one, which may begin
 * further steps until it ends.
 */
final class Step implements TransferListener {
    private final ProgressTracker whole;
    private final TransferListener listener;
    /** The bytes that have been added to the progress of the whole; the calls are serialized. */
    private long counted;

    /** Creates the listener of a step, which passes its calls on to another listener. */
    Step(ProgressTracker whole, TransferListener listener) {
        this.whole = whole;
        this.listener = listener;
    }

    /** Runs the step on this thread, and waits for its other workers that run by then. An interrupt cancels it. */
    static <T> T run(ParallelTransfer<T> step) throws IOException, InterruptedException {
        step.run();
        try {
            return step.join();
        } catch (InterruptedException e) {
            step.cancel();
            step.awaitEnd(() -> {});
            throw e;
        }
    }

    @Override
    public void onProgress(TransferProgress progress) {
        long more = progress.bytesTransferred() - counted;
        counted += more;
        whole.moved(more, 0);
        listener.onProgress(progress);
    }

    @Override
    public void onRetry(String what, int attempt, Throwable failure, Duration delay) {
        whole.retried(what, attempt, failure, delay);
        listener.onRetry(what, attempt, failure, delay);
    }

    @Override
    public void onEnd(TransferProgress progress, @Nullable Throwable failure) {
        if (failure == null) {
            whole.moved(0, 1);
        }
        listener.onEnd(progress, failure);
    }
}
