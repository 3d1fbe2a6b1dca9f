package io.blobstore;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Objects;

/**
 * The uploads of a store that are neither completed nor aborted, fetched page by page as they are read; see
 * {@link BlobStore#listUploads}. Must be closed. Not thread-safe.
 *
 * <pre>{@code
 * Instant yesterday = Instant.now().minus(Duration.ofDays(1));
 * try (UploadListing uploads = store.listUploads("backups/")) {
 *     while (uploads.hasNext()) {
 *         IncompleteUpload upload = uploads.next();
 *         if (upload.initiated().filter(yesterday::isAfter).isPresent()) {
 *             store.abortUpload(upload.key(), upload.id());
 *         }
 *     }
 * }
 * }</pre>
 */
public interface UploadListing extends Closeable {
    /** Returns whether {@link #next()} returns another upload. */
    boolean hasNext() throws IOException;

    /**
     * Returns the next upload.
     *
     * @throws java.util.NoSuchElementException if no upload is left
     */
    IncompleteUpload next() throws IOException;

    /** Returns how many entries were skipped so far because their key or id is not valid; the first is logged. */
    long skipped();

    /** Returns a listing of these uploads, for implementations of stores that find all of them at once. */
    static UploadListing of(List<IncompleteUpload> uploads) {
        Objects.requireNonNull(uploads, "uploads");
        return new FixedUploadListing(uploads);
    }
}
