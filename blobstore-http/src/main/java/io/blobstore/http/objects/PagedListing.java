package io.blobstore.http.objects;

import io.blobstore.BlobListing;
import io.blobstore.ListOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * A listing that requests its pages as they are needed. Servers send the blobs and the common prefixes of a page
 * separately, each sorted: the listing merges them, and omits entries up to the start. Each page takes one request, so
 * nothing is open between calls. Not thread-safe.
 */
public abstract class PagedListing implements BlobListing {
    private static final Comparator<byte[]> BYTES = Arrays::compareUnsigned;
    private static final Comparator<Entry> ORDER = Comparator.comparing(entry -> utf8(entry.name()), BYTES);

    private final ListOptions options;
    private Iterator<Entry> page = Collections.emptyIterator();
    private boolean last;

    /** Creates a listing that has not requested a page yet. */
    protected PagedListing(ListOptions options) {
        this.options = options;
    }

    /**
     * A page of entries.
     *
     * @param entries the entries, in any order; some may be before the start
     * @param last whether no page follows
     */
    protected record Page(List<? extends Entry> entries, boolean last) {
        /** Creates a page. */
        public Page {}
    }

    /** Requests the next page. */
    protected abstract Page fetch() throws IOException;

    /** Requests the first page, so that errors are thrown at once. */
    public final BlobListing begin() throws IOException {
        nextPage();
        return this;
    }

    @Override
    public final boolean hasNext() throws IOException {
        while (!page.hasNext() && !last) {
            nextPage();
        }
        return page.hasNext();
    }

    @Override
    public final Entry next() throws IOException {
        if (!hasNext()) {
            throw new NoSuchElementException("the listing has no more entries");
        }
        return page.next();
    }

    @Override
    public final void close() {
        page = Collections.emptyIterator();
        last = true;
    }

    private void nextPage() throws IOException {
        Page fetched = fetch();
        List<Entry> entries = new ArrayList<>(fetched.entries());
        entries.removeIf(entry -> !isAfterStart(entry.name()));
        entries.sort(ORDER);
        page = entries.iterator();
        last = fetched.last();
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
