package io.blobstore.cache;

import io.blobstore.BlobListing;
import java.io.IOException;

/** A listing of the remote store with the versions that callers know. Not thread-safe. */
record AliasedListing(BlobListing listing, VersionAliases aliases) implements BlobListing {
    @Override
    public boolean hasNext() throws IOException {
        return listing.hasNext();
    }

    @Override
    public Entry next() throws IOException {
        Entry entry = listing.next();
        return entry instanceof Blob blob
                ? Blob.of(
                        blob.key(),
                        blob.size(),
                        blob.version().map(version -> aliases.toCaller(blob.key(), version)),
                        blob.version()
                                .flatMap(version ->
                                        blob.lastModified().map(time -> aliases.toCaller(blob.key(), version, time)))
                                .or(blob::lastModified))
                : entry;
    }

    @Override
    public long skipped() {
        return listing.skipped();
    }

    @Override
    public void close() throws IOException {
        listing.close();
    }
}
