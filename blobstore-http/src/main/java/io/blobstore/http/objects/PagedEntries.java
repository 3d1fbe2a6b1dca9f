package io.blobstore.http.objects;

import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.http.ResponseText;
import java.io.Closeable;
import java.io.IOException;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Entries that a server lists page by page, requested as they are needed. Each page takes one request, so nothing is
 * open between calls. Not thread-safe.
 *
 * <p>The server is not trusted: names outside the requested prefix, continuation tokens that repeat, and too many pages
 * without entries end the listing with an error. That each page continues behind the previous one is not checked, as
 * some compatible servers sort names differently.
 *
 * @param <E> the type of the entries
 */
public abstract class PagedEntries<E> implements Closeable {
    /** The maximum number of consecutive pages without entries. Servers may send some, such as after many deletions. */
    static final int MAX_EMPTY_PAGES = 1000;

    private static final Logger LOG = LoggerFactory.getLogger(PagedEntries.class);

    private final Operation operation;
    private final BucketContext bucket;
    private final String prefix;

    private Iterator<? extends E> page = Collections.emptyIterator();
    private boolean last;
    private long skipped;
    private int emptyPages;

    // Brent's algorithm finds a cycle of any length while it remembers one token: the page number of that token is a
    // power of two, so it is inside the cycle sooner or later, and remembered for longer than the cycle takes.
    private @Nullable Object remembered;
    private long rememberedFor;
    private long power = 1;

    /**
     * Creates a listing that has not requested a page yet.
     *
     * @param prefix the text with which the names of all listed objects must begin, including the store's prefix
     */
    protected PagedEntries(Operation operation, BucketContext bucket, String prefix) {
        this.operation = operation;
        this.bucket = bucket;
        this.prefix = prefix;
    }

    /**
     * A page of entries.
     *
     * @param <T> the type of the entries
     * @param entries the entries in order
     * @param next the token of the next page, compared by {@code equals}; empty if no page follows
     */
    protected record Page<T>(List<? extends T> entries, Optional<?> next) {
        /** Creates a page. */
        public Page {}
    }

    /** Requests the next page. */
    protected abstract Page<E> fetch() throws IOException;

    /** Returns the text with which the names of all listed objects begin. */
    protected final String prefix() {
        return prefix;
    }

    /** Returns the operation for exceptions. */
    protected final Operation operation() {
        return operation;
    }

    /** Returns the bucket. */
    protected final BucketContext bucket() {
        return bucket;
    }

    /** Returns whether {@link #next()} returns another entry. */
    public final boolean hasNext() throws IOException {
        while (!page.hasNext() && !last) {
            nextPage();
        }
        return page.hasNext();
    }

    /** Returns the next entry. */
    public final E next() throws IOException {
        if (!hasNext()) {
            throw new NoSuchElementException("the listing has no more entries");
        }
        return page.next();
    }

    /** Returns the number of entries that were skipped. */
    public final long skipped() {
        return skipped;
    }

    /** Ends the listing. Idempotent. */
    @Override
    public final void close() {
        page = Collections.emptyIterator();
        last = true;
    }

    /** Requests a page. After a request that failed, the same page is requested again. */
    final void nextPage() throws IOException {
        long skippedBefore = skipped;
        Page<E> fetched = fetch();
        if (fetched.next().isPresent()) {
            requireNew(fetched.next().get());
            boolean empty = fetched.entries().isEmpty() && skipped == skippedBefore;
            emptyPages = empty ? emptyPages + 1 : 0;
            if (emptyPages > MAX_EMPTY_PAGES) {
                throw failure("the server sent " + MAX_EMPTY_PAGES + " pages in a row without an entry, and no end");
            }
        }
        page = fetched.entries().iterator();
        last = fetched.next().isEmpty();
    }

    private void requireNew(Object token) throws BlobStoreException {
        if (token.equals(remembered)) {
            throw failure("the server's continuation tokens repeat, so the listing would never end");
        }
        if (++rememberedFor == power) {
            remembered = token;
            rememberedFor = 0;
            power *= 2;
        }
    }

    // ---- checks of entries

    /**
     * Checks that a name begins with the requested prefix.
     *
     * @throws BlobStoreException if it does not: nothing that such a server lists may be used
     */
    protected final void requireInside(String object) throws BlobStoreException {
        if (!object.startsWith(prefix)) {
            throw failure("the server lists '" + ResponseText.line(object) + "', which does not begin with '" + prefix
                    + "': it ignores the requested prefix; its listings cannot be used");
        }
    }

    /** Skips an entry that cannot be what it is listed as. */
    protected final void skip(String object, String reason) {
        if (skipped++ == 0) {
            LOG.warn(
                    "{}: {} skips entries that are not valid; the first is '{}': {}",
                    bucket,
                    operation,
                    ResponseText.line(object),
                    reason);
        }
    }

    /** Returns an exception for a response that is not a valid page. */
    protected final BlobStoreException failure(String problem) {
        return new BlobStoreException(operation, null, problem, null, false);
    }

    /** Returns an exception for a response that is not a whole page. */
    protected final BlobStoreException notAPage() {
        // A response without a body does not mean an empty listing.
        return new BlobStoreException(
                operation, null, "the server's response is cut off, or is not a listing", null, true);
    }
}
