package io.blobstore.directory;

import java.io.IOException;
import java.util.List;

/**
 * The result of a directory transfer: counts, and the first failures. A {@link DirectoryListener} receives the outcome
 * of every file. Immutable.
 */
public final class DirectoryResult {
    /** The maximum number of failures that a result lists. */
    public static final int MAX_FAILURES = 1000;

    private final long transferred;
    private final long bytes;
    private final long unchanged;
    private final long skipped;
    private final long deleted;
    private final long failed;
    private final List<FileResult> failures;

    DirectoryResult(
            long transferred,
            long bytes,
            long unchanged,
            long skipped,
            long deleted,
            long failed,
            List<FileResult> failures) {
        this.transferred = transferred;
        this.bytes = bytes;
        this.unchanged = unchanged;
        this.skipped = skipped;
        this.deleted = deleted;
        this.failed = failed;
        this.failures = List.copyOf(failures);
    }

    /** Returns the number of files transferred. */
    public long transferred() {
        return transferred;
    }

    /** Returns the size of the files transferred, in bytes. */
    public long bytes() {
        return bytes;
    }

    /** Returns the number of files that were not transferred because the target has them. */
    public long unchanged() {
        return unchanged;
    }

    /**
     * Returns the number of entries of the source that are no files: symbolic links that are not followed, sockets,
     * pipes and devices, empty blobs whose keys end with '/', and what {@link io.blobstore.BlobListing#skipped()}
     * counts. Files that the options exclude do not count.
     */
    public long skipped() {
        return skipped;
    }

    /** Returns the number of files deleted from the target. */
    public long deleted() {
        return deleted;
    }

    /** Returns the number of failures. */
    public long failed() {
        return failed;
    }

    /** Returns the first {@value #MAX_FAILURES} failures; unmodifiable. */
    public List<FileResult> failures() {
        return failures;
    }

    /**
     * Throws the first failure, with the other ones of {@link #failures()} suppressed in it; does nothing if there is
     * none.
     */
    public void throwIfFailed() throws IOException {
        if (failures.isEmpty()) {
            return;
        }
        IOException first = failures.get(0).failure().orElseThrow();
        for (FileResult other : failures.subList(1, failures.size())) {
            IOException failure = other.failure().orElseThrow();
            if (failure != first) {
                first.addSuppressed(failure);
            }
        }
        throw first;
    }

    @Override
    public String toString() {
        return "DirectoryResult[transferred=" + transferred + ", bytes=" + bytes + ", unchanged=" + unchanged
                + ", skipped=" + skipped + ", deleted=" + deleted + ", failed=" + failed + "]";
    }
}
