package io.blobstore.cas;

import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.cas.CacheContext.OpenEntry;
import io.blobstore.cas.internal.EntryReader;
import io.blobstore.cas.internal.UseCount;
import io.blobstore.zstd.internal.FrameFormatException;
import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** An open entry under a lease, until it is closed by its user or with the cache. Thread-safe. */
final class LeasedEntry implements Closeable {
    /** A use of the open file. */
    interface Use {
        long run(@Nullable EntryReader reader) throws IOException;
    }

    private final CacheContext context;
    /** Null for the content of no bytes, which has no file. */
    private final @Nullable OpenEntry open;

    private final UseCount uses = new UseCount(this::release);
    /** Closes this when the cache is closed. */
    private final CacheContext.Handle handle = uses::close;

    LeasedEntry(CacheContext context, @Nullable OpenEntry open) {
        this.context = context;
        this.open = open;
        context.register(handle);
    }

    /** Returns the open file; null for the content of no bytes. */
    @Nullable
    EntryReader reader() {
        return open == null ? null : open.reader();
    }

    /**
     * Uses the open file, if there is one; it is not closed meanwhile.
     *
     * @throws IntegrityException if the use finds it damaged; it is removed from the cache then
     * @throws IllegalStateException if this, or the cache, is closed
     */
    long use(Use use) throws IOException {
        context.enter();
        try {
            if (!uses.tryEnter()) {
                throw new IllegalStateException("the content was closed");
            }
            try {
                return open == null ? use.run(null) : use(open, use);
            } finally {
                uses.leave();
            }
        } finally {
            context.leave();
        }
    }

    private long use(OpenEntry entry, Use use) throws IOException {
        try {
            return use.run(entry.reader());
        } catch (FrameFormatException e) {
            context.damaged(entry.entry(), e);
            throw new IntegrityException(
                    Operation.READ,
                    null,
                    "the cached content of " + entry.entry().key().hash().hex() + " is damaged: " + e.getMessage(),
                    e);
        }
    }

    /** Releases the lease; uses that run may end before. Idempotent. */
    @Override
    public void close() {
        if (context.tryEnter()) { // else closing the cache does it
            try {
                uses.close();
            } finally {
                context.leave();
            }
        }
    }

    private void release() {
        context.forget(handle);
        if (open != null) {
            context.close(open);
        }
    }
}
