package io.blobstore.cas;

import io.blobstore.cas.internal.Entry;
import io.blobstore.cas.internal.EntryKey;
import io.blobstore.cas.internal.EntryReader;
import io.blobstore.zstd.internal.FrameFormatException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Optional;

/** Lists and verifies the entries of a cache, without using them. Thread-safe. */
final class Maintenance {
    private static final long POLL_MILLIS = 5;

    private final CacheContext context;

    Maintenance(CacheContext context) {
        this.context = context;
    }

    List<CacheEntry> entries() throws IOException {
        try {
            while (context.directory.isLoading()) {
                Thread.sleep(POLL_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while the directory of the cache is listed");
        }
        return context.index.snapshot().stream()
                .map(entry -> new CacheEntry(
                        entry.key().keyspace(), entry.key().hash(), entry.contentSize(), entry.storedSize()))
                .toList();
    }

    boolean verify(CacheEntry listed) throws IOException {
        Optional<Entry> found = context.index.peek(new EntryKey(listed.keyspace(), listed.hash()));
        if (found.isEmpty()) {
            return false;
        }
        Entry entry = found.get();
        try (EntryReader reader = context.reader(entry)) {
            reader.verify();
            return true;
        } catch (NoSuchFileException e) {
            return false; // evicted meanwhile
        } catch (FrameFormatException e) {
            context.damaged(entry, e);
            return false;
        }
    }
}
