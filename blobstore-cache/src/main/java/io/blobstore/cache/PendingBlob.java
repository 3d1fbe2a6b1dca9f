package io.blobstore.cache;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A blob that was acknowledged and is not uploaded yet. Its record pins the content. Mutable state is guarded by the
 * lock of {@link WriteBackQueue}.
 */
final class PendingBlob {
    final PendingRecord record;

    /**
     * The blobs that this one has replaced, and whose records are not deleted yet: whoever has the turn at the key does
     * that, before anything else.
     */
    List<PendingBlob> replaced = new ArrayList<>();
    /** Whether an upload may have taken effect, so that it is looked for before the next one. */
    boolean uncertain;
    /** The number of attempts that ended. */
    int attempts;

    @Nullable Throwable failure;
    /** When the next attempt is due, by {@link System#nanoTime()}. Not changed while the queue orders it by that. */
    long due = System.nanoTime();

    /** The number of blobs that were added to the queue before it. */
    long order;

    boolean uploading;
    /** Whether an attempt succeeded. */
    boolean uploaded;
    /** Whether its content was lost before an attempt succeeded. */
    boolean lost;

    PendingBlob(PendingRecord record, boolean uncertain) {
        this.record = record;
        this.uncertain = uncertain;
    }

    long size() {
        return record.content().size();
    }
}
