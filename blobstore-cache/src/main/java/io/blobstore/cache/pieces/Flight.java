package io.blobstore.cache.pieces;

import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** The fetch of one piece, by one thread, for which others wait. */
final class Flight {
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile @Nullable Throwable failure;

    /** Ends the fetch. */
    void end(@Nullable Throwable failure) {
        this.failure = failure;
        ended.countDown();
    }

    /**
     * Waits for the end.
     *
     * @return the failure; null if the piece was cached, or cannot be
     */
    @Nullable Throwable await() throws InterruptedException {
        ended.await();
        return failure;
    }
}
