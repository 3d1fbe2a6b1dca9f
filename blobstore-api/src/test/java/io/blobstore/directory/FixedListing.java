package io.blobstore.directory;

import io.blobstore.BlobListing;
import java.util.Iterator;

/** A listing of given entries, in their order. */
final class FixedListing implements BlobListing {
    private final Iterator<? extends Entry> entries;

    FixedListing(Iterator<? extends Entry> entries) {
        this.entries = entries;
    }

    @Override
    public boolean hasNext() {
        return entries.hasNext();
    }

    @Override
    public Entry next() {
        return entries.next();
    }

    @Override
    public long skipped() {
        return 0;
    }

    @Override
    public void close() {}
}
