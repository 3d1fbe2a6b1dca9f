package io.blobstore.cache;

import io.blobstore.transfer.Transfer;
import java.io.IOException;

/** Waits for transfers that use memory or content of the caller. */
final class Joining {
    private Joining() {}

    /** Waits for a transfer; if the thread is interrupted, cancels it, and waits until it uses nothing any more. */
    static <T> T orCancel(Transfer<T> transfer) throws IOException, InterruptedException {
        try {
            return transfer.join();
        } catch (InterruptedException e) {
            transfer.cancel();
            transfer.toCompletableFuture().handle((result, problem) -> "ended").join();
            throw e;
        }
    }
}
