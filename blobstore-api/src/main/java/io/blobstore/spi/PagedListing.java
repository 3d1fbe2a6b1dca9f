package io.blobstore.spi;

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
 * A listing that asks for its pages as they are needed. Servers give the blobs and the common prefixes of a page apart,
 * each sorted: here they are merged, and what is not behind the start is left out. Each page is a request of its own,
 * so nothing is open between calls. Not thread-safe.
 */
public abstract class PagedListing implements BlobListing {
    private static final Comparator<byte[]> BYTES = Arrays::compareUnsigned;
    private static final Comparator<Entry> ORDER = Comparator.comparing(entry -> utf8(entry.name()), BYTES);

    private final ListOptions options;
    private Iterator<Entry> page = Collections.emptyIterator();
    private boolean last;

    /** A listing that has no page yet. */
    protected PagedListing(ListOptions options) {
        this.options = options;
    }

    /**
     * What a request gave.
     *
     * @param entries in any order, and perhaps some that are not behind the start
     * @param last whether no page follows
     */
    protected record Fetched(List<? extends Entry> entries, boolean last) {
        /** As it was given. */
        public Fetched {}
    }

    /** Asks for the next page. */
    protected abstract Fetched fetch() throws IOException;

    /** Asks for the first page, so that what is wrong shows at once. */
    public final BlobListing begin() throws IOException {
        turn();
        return this;
    }

    @Override
    public final boolean hasNext() throws IOException {
        while (!page.hasNext() && !last) {
            turn();
        }
        return page.hasNext();
    }

    @Override
    public final Entry next() throws IOException {
        if (!hasNext()) {
            throw new NoSuchElementException("the listing is at its end");
        }
        return page.next();
    }

    @Override
    public final void close() {
        page = Collections.emptyIterator();
        last = true;
    }

    private void turn() throws IOException {
        Fetched fetched = fetch();
        List<Entry> entries = new ArrayList<>(fetched.entries());
        entries.removeIf(entry -> !isBehindStart(entry.name()));
        entries.sort(ORDER);
        page = entries.iterator();
        last = fetched.last();
    }

    private boolean isBehindStart(String name) {
        return options.startAfter()
                .filter(start -> BYTES.compare(utf8(name), utf8(start)) <= 0)
                .isEmpty();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
