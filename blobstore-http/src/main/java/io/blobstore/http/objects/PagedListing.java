package io.blobstore.http.objects;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A listing of blobs, page by page. Servers send the blobs and the common prefixes of a page separately, each sorted:
 * the listing merges them, and omits entries up to the start. Not thread-safe.
 */
public abstract class PagedListing extends PagedEntries<BlobListing.Entry> implements BlobListing {
    private static final Comparator<byte[]> BYTES = Arrays::compareUnsigned;
    private static final Comparator<Entry> ORDER = Comparator.comparing(entry -> utf8(entry.name()), BYTES);

    private final ObjectNames names;
    private final ListOptions options;

    /** Creates a listing that has not requested a page yet. */
    protected PagedListing(Operation operation, BucketContext bucket, ObjectNames names, ListOptions options) {
        super(operation, bucket, names.prefix() + options.prefix());
        this.names = names;
        this.options = options;
    }

    /** Requests the first page, so that errors are thrown at once. */
    public final BlobListing begin() throws IOException {
        nextPage();
        return this;
    }

    /** Returns what is listed. */
    protected final ListOptions options() {
        return options;
    }

    /** Returns the name after which the server lists; empty if it lists from the first. */
    protected final Optional<String> startAfter() {
        return options.startAfter().filter(text -> !text.isEmpty()).map(text -> names.prefix() + text);
    }

    /**
     * Adds an object that the server lists to a page, or skips it if it cannot be a blob. An object that does not
     * belong to the store is omitted.
     *
     * @param object the object's name
     * @param size its size in bytes; empty if the server sent no valid one
     * @throws BlobStoreException if the object is outside the requested prefix
     */
    protected final void addBlob(
            List<Entry> page, String object, Optional<Long> size, Optional<BlobVersion> version, Optional<Instant> time)
            throws BlobStoreException {
        requireInside(object);
        Optional<String> name = names.nameOf(object);
        if (name.isEmpty()) {
            return;
        }
        if (size.isEmpty() || size.get() < 0) {
            skip(object, size.isEmpty() ? "it has no valid size" : "its size is negative");
            return;
        }
        try {
            Blob blob = Blob.of(BlobKey.of(name.get()), size.get(), version, time);
            if (isAfterStart(name.get())) {
                page.add(blob);
            }
        } catch (IllegalArgumentException e) {
            skip(object, String.valueOf(e.getMessage()));
        }
    }

    /**
     * Adds a common prefix that the server lists to a page, or skips it if it cannot be one.
     *
     * @throws BlobStoreException if it is outside the requested prefix
     */
    protected final void addCommonPrefix(List<Entry> page, String prefix) throws BlobStoreException {
        requireInside(prefix);
        Optional<String> name = names.nameOf(prefix);
        if (name.isEmpty()) {
            return;
        }
        // Walking a tree would never end if the prefix that was requested were listed below itself.
        boolean below = prefix.length() > prefix().length();
        if (!below || options.delimiter().filter(prefix::endsWith).isEmpty()) {
            skip(prefix, "it is not a common prefix below the requested one");
        } else if (isAfterStart(name.get())) {
            page.add(CommonPrefix.of(name.get()));
        }
    }

    /** Returns a page with these entries in order. */
    protected static Page<Entry> sorted(List<Entry> entries, Optional<?> next) {
        entries.sort(ORDER);
        return new Page<>(entries, next);
    }

    private boolean isAfterStart(String name) {
        return options.startAfter()
                .filter(start -> BYTES.compare(utf8(name), utf8(start)) <= 0)
                .isEmpty();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
