package io.blobstore.transfer;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Told about a transfer's progress. Called by the transfer's own threads, one call at a time per transfer: a listener
 * must not block. What it throws is logged and otherwise ignored: it is no means of control. After {@link #onEnd}
 * nothing is called any more.
 */
public interface TransferListener {
    /** Hears nothing. */
    TransferListener NONE = new TransferListener() {};

    /** A part was accepted by the store, or has arrived. The numbers never go back. */
    default void onProgress(TransferProgress progress) {}

    /**
     * A try failed and will be repeated.
     *
     * @param what which request, for people
     * @param attempt the number of the try that failed, from 1
     * @param failure what it failed with
     * @param delay how long until the next one
     */
    default void onRetry(String what, int attempt, Throwable failure, Duration delay) {}

    /**
     * The transfer is about to complete: nothing uses its memory any more.
     *
     * @param failure what it failed with; null for success
     */
    default void onEnd(TransferProgress progress, @Nullable Throwable failure) {}
}
