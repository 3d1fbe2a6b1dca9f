package io.blobstore;

import java.util.Iterator;
import java.util.List;

/** A listing whose uploads are all known when it is created. */
final class FixedUploadListing implements UploadListing {
    private final Iterator<IncompleteUpload> rest;

    FixedUploadListing(List<IncompleteUpload> uploads) {
        rest = List.copyOf(uploads).iterator();
    }

    @Override
    public boolean hasNext() {
        return rest.hasNext();
    }

    @Override
    public IncompleteUpload next() {
        return rest.next();
    }

    @Override
    public long skipped() {
        return 0;
    }

    @Override
    public void close() {}
}
