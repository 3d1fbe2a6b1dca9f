package io.blobstore.cas.internal;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A range of frames that the calling thread and some helpers work on together, each frame by one of them. When
 * {@link #run} returns, no helper works any more; one that the executor runs later does nothing.
 */
final class SharedFrames {
    private static final Logger LOG = LoggerFactory.getLogger(SharedFrames.class);

    /** Works on frames, which it takes one after another. */
    interface Worker {
        void work(SharedFrames frames) throws IOException;
    }

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private int next;
    private int failedAt;
    private @Nullable Throwable failure;

    private final CountDownLatch unused = new CountDownLatch(1);
    private final UseCount helping = new UseCount(unused::countDown);

    SharedFrames(int first, int end) {
        this.next = first;
        this.failedAt = end;
    }

    /** Takes the next frame; returns -1 if there is none, or another one has failed. */
    int take() {
        lock.lock();
        try {
            return next < failedAt ? next++ : -1;
        } finally {
            lock.unlock();
        }
    }

    /** Records that work on a frame has failed: the first of them counts. */
    void fail(int frame, Throwable cause) {
        lock.lock();
        try {
            if (failure == null || frame < failedAt) {
                failedAt = frame;
                failure = cause;
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Works on all frames.
     *
     * @return the number of the first frame that failed, or the end; all before it are done
     */
    int run(Worker worker, Executor executor, int helpers) throws IOException {
        try {
            submit(worker, executor, helpers);
            worker.work(this);
        } finally { // whatever has failed, such as the start of a thread: helpers write into the caller's memory
            helping.close();
            awaitHelpers();
        }
        lock.lock();
        try {
            return failedAt;
        } finally {
            lock.unlock();
        }
    }

    private void submit(Worker worker, Executor executor, int helpers) {
        try {
            for (int i = 0; i < helpers; i++) {
                executor.execute(() -> help(worker));
            }
        } catch (RejectedExecutionException e) {
            LOG.debug("frames are decoded without more help", e);
        }
    }

    private void help(Worker worker) {
        if (helping.tryEnter()) {
            try {
                worker.work(this);
            } catch (IOException | RuntimeException | Error e) {
                LOG.debug("a helper could not begin", e); // it has taken no frame: failures of those are recorded
            } finally {
                helping.leave();
            }
        }
    }

    /** Waits in spite of an interrupt: a helper has one frame to do at most, into the caller's memory. */
    private void awaitHelpers() {
        boolean interrupted = false;
        for (; ; ) {
            try {
                unused.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Throws what the first failed frame failed with, if one has. */
    void throwFailure() throws IOException {
        lock.lock();
        try {
            if (failure instanceof IOException e) {
                throw e;
            }
            if (failure instanceof RuntimeException e) {
                throw e;
            }
            if (failure instanceof Error e) {
                throw e;
            }
        } finally {
            lock.unlock();
        }
    }
}
