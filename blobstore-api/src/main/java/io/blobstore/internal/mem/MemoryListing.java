package io.blobstore.internal.mem;

import io.blobstore.BlobListing;
import io.blobstore.BlobMetadata;
import io.blobstore.ListOptions;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A listing of the blobs that existed when it was created. Common prefixes are computed as the listing is read. Not
 * thread-safe.
 */
final class MemoryListing implements BlobListing {
    private final Iterator<BlobMetadata> rest;
    private final ListOptions options;
    private @Nullable String lastPrefix;
    private @Nullable Entry next;

    MemoryListing(List<BlobMetadata> sorted, ListOptions options) {
        this.rest = new ArrayList<>(sorted).iterator();
        this.options = options;
    }

    @Override
    public boolean hasNext() {
        while (next == null && rest.hasNext()) {
            next = entry(rest.next());
        }
        return next != null;
    }

    @Override
    public Entry next() {
        Entry entry = hasNext() ? next : null;
        if (entry == null) {
            throw new NoSuchElementException("the listing is at its end");
        }
        next = null;
        return entry;
    }

    /** Returns the entry for a blob; null if it is not listed, or belongs to the prefix that was listed last. */
    private @Nullable Entry entry(BlobMetadata blob) {
        String name = blob.key().toString();
        if (!name.startsWith(options.prefix())) {
            return null;
        }
        int delimiter = options.delimiter()
                .map(text -> name.indexOf(text, options.prefix().length()))
                .orElse(-1);
        if (delimiter < 0) {
            return isBehindStart(name)
                    ? BlobListing.Blob.of(
                            blob.key(), blob.size(), Optional.of(blob.version()), Optional.of(blob.lastModified()))
                    : null;
        }
        String prefix =
                name.substring(0, delimiter + options.delimiter().orElseThrow().length());
        if (prefix.equals(lastPrefix) || !isBehindStart(prefix)) {
            return null;
        }
        lastPrefix = prefix;
        return CommonPrefix.of(prefix);
    }

    private boolean isBehindStart(String name) {
        return options.startAfter().isEmpty()
                || Arrays.compareUnsigned(
                                name.getBytes(StandardCharsets.UTF_8),
                                options.startAfter().get().getBytes(StandardCharsets.UTF_8))
                        > 0;
    }

    /** Returns 0, as every key in memory is valid. */
    @Override
    public long skipped() {
        return 0;
    }

    @Override
    public void close() {}
}
