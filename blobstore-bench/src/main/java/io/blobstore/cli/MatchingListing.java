package io.blobstore.cli;

import io.blobstore.BlobListing;
import io.blobstore.directory.Glob;
import java.io.IOException;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The entries of a listing whose names match a pattern; a prefix without its delimiter at the end. */
final class MatchingListing implements BlobListing {
    private final BlobListing listing;
    private final Glob pattern;
    private @Nullable Entry next;

    private MatchingListing(BlobListing listing, Glob pattern) {
        this.listing = listing;
        this.pattern = pattern;
    }

    /** Returns the entries of a listing that match; all if there is no pattern. */
    static BlobListing of(BlobListing listing, Optional<Glob> pattern) {
        return pattern.<BlobListing>map(glob -> new MatchingListing(listing, glob))
                .orElse(listing);
    }

    @Override
    public boolean hasNext() throws IOException {
        while (next == null && listing.hasNext()) {
            Entry entry = listing.next();
            String name = entry.name();
            boolean group = entry instanceof CommonPrefix && name.endsWith("/");
            if (pattern.matches(group ? name.substring(0, name.length() - 1) : name)) {
                next = entry;
            }
        }
        return next != null;
    }

    @Override
    public Entry next() throws IOException {
        if (!hasNext() || next == null) {
            throw new NoSuchElementException("the listing has no more entries");
        }
        Entry entry = next;
        next = null;
        return entry;
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
