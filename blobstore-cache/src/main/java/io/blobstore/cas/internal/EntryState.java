package io.blobstore.cas.internal;

import io.blobstore.zstd.internal.FrameTable;
import java.lang.ref.SoftReference;
import org.jspecify.annotations.Nullable;

/**
 * What the readers of an entry share, attached to it: the table of frames, which the collector frees when heap is short
 * and which is read again then, and whether the content was verified since the cache was opened. Thread-safe.
 */
final class EntryState {
    private volatile @Nullable SoftReference<FrameTable> table;
    private volatile boolean verified;

    /** Returns what is attached to an entry, or something new that is not attached yet. */
    static EntryState of(Entry entry) {
        return entry.attachment() instanceof EntryState attached ? attached : new EntryState();
    }

    @Nullable FrameTable table() {
        SoftReference<FrameTable> reference = table;
        return reference == null ? null : reference.get();
    }

    void keep(FrameTable newTable) {
        table = new SoftReference<>(newTable);
    }

    boolean isVerified() {
        return verified;
    }

    void setVerified() {
        verified = true;
    }
}
