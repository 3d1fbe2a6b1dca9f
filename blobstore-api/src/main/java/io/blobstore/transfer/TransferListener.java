package io.blobstore.transfer;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Receives the progress of a transfer. Called by the transfer's own threads, one call at a time per transfer: a
 * listener must not block. Exceptions that it throws are logged and otherwise ignored: they do not affect the transfer.
 * Nothing is called after {@link #onEnd}.
 */
public interface TransferListener {
    /** A no-op listener. */
    TransferListener NONE = new TransferListener() {};

    /** Called when the store has accepted a part, or a part has arrived. The numbers never decrease. */
    default void onProgress(TransferProgress progress) {}

    /**
     * Called when an attempt failed and will be repeated.
     *
     * @param what a description of the request
     * @param attempt the number of the failed attempt, from 1
     * @param failure the failure; an {@link io.blobstore.ThrottledException} slows down the other requests too
     * @param delay the time until the next attempt; longer if the store throttles and other parts come first
     */
    default void onRetry(String what, int attempt, Throwable failure, Duration delay) {}

    /**
     * Called when the transfer is about to complete: nothing uses its memory any more.
     *
     * @param failure the failure; null for success
     */
    default void onEnd(TransferProgress progress, @Nullable Throwable failure) {}
}
