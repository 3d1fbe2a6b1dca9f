package io.blobstore;

import java.io.Closeable;
import java.io.IOException;
import java.time.Instant;

/**
 * Blobs, one after the other, fetched as they are asked for. Not thread-safe. To be closed.
 *
 * <p>Not an {@link java.util.Iterator}, as each step may fail with an {@code IOException}.
 */
public interface BlobListing extends Closeable {
    /** Whether {@link #next()} will give an entry. */
    boolean hasNext() throws IOException;

    /**
     * The next entry.
     *
     * @throws java.util.NoSuchElementException if there is none
     */
    Entry next() throws IOException;

    /** One line of a listing. */
    sealed interface Entry {
        /** The key, or the prefix: what entries are sorted by. */
        String name();
    }

    /**
     * A blob.
     *
     * @param key its name
     * @param size its size in bytes
     * @param version which content of the key this is
     * @param lastModified when it was stored, by the store's clock
     */
    record Blob(BlobKey key, long size, BlobVersion version, Instant lastModified) implements Entry {
        @Override
        public String name() {
            return key.toString();
        }
    }

    /**
     * What stands for all blobs whose keys begin with a name that ends with the delimiter.
     *
     * @param name the prefix, delimiter included
     */
    record CommonPrefix(String name) implements Entry {}
}
