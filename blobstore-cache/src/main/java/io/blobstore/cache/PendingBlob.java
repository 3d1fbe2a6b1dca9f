package io.blobstore.cache;

import io.blobstore.cas.CachedContent;
import org.jspecify.annotations.Nullable;

/**
 * A blob that was acknowledged and is not uploaded yet. It holds a lease, so that its content is not evicted. Mutable
 * state is guarded by the lock of {@link WriteBackQueue}.
 */
final class PendingBlob {
    final PendingRecord record;
    /** The lease. */
    final CachedContent content;

    /** Whether an upload may have taken effect, so that it is looked for before the next one. */
    boolean uncertain;
    /** The number of attempts that ended. */
    int attempts;

    @Nullable Throwable failure;
    /** When the next attempt is due, by {@link System#nanoTime()}. */
    long due = System.nanoTime();

    boolean uploading;
    /** Whether an attempt succeeded. */
    boolean uploaded;

    PendingBlob(PendingRecord record, CachedContent content, boolean uncertain) {
        this.record = record;
        this.content = content;
        this.uncertain = uncertain;
    }

    long size() {
        return record.content().size();
    }
}
