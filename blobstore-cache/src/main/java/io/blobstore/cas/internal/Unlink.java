package io.blobstore.cas.internal;

import java.io.IOException;

/** Deletes the files of removed entries. Called by the index's own thread, one call at a time, without a lock. */
@FunctionalInterface
public interface Unlink {
    /**
     * Deletes the file of an entry. A file that is not there counts as deleted.
     *
     * @throws IOException if the file is still there; the call is repeated later
     */
    void unlink(Entry entry) throws IOException;
}
