package io.blobstore.cache;

import io.blobstore.BlobStoreException;
import io.blobstore.IntegrityException;
import io.blobstore.internal.concurrent.Interrupts;
import java.io.IOException;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** How a fill ended. */
enum FillOutcome {
    /** All content is in the cache. */
    COMPLETE,
    /** It failed or was abandoned, but another one may succeed. */
    LOST,
    /** The content is not what the store says. */
    WRONG,
    /** The cache cannot take the content. */
    REFUSED,
    /** The store refuses to return the content. */
    FINAL;

    /** Returns how a fill ended whose download failed. */
    static FillOutcome of(@Nullable Throwable failure) {
        if (failure instanceof IntegrityException) {
            return WRONG;
        }
        if (failure instanceof BlobStoreException problem) {
            return problem.isRetryable() || Interrupts.caused(problem) ? LOST : FINAL;
        }
        return failure instanceof IOException || failure instanceof CancellationException ? LOST : FINAL;
    }
}
