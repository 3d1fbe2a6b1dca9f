package io.blobstore.directory;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** The blobs below a prefix, in the order of their keys. */
final class StoreTree implements EntryStream {
    private final BlobListing listing;
    private final String prefix;
    private final Use use;
    private final Selection selection;
    private final Tally tally;

    private @Nullable BlobKey previous;
    /** The selected paths that are beginnings of the current one, the longest first. */
    private final Deque<String> beginnings = new ArrayDeque<>();

    /** What the blobs are read for. */
    enum Use {
        /** They are copied to other keys. */
        SOURCE,
        /** They become files: none may be in a directory whose path is the one of another file. */
        SOURCE_OF_FILES,
        /** They are compared with the source. */
        TARGET
    }

    private StoreTree(BlobListing listing, String prefix, Use use, Selection selection, Tally tally) {
        this.listing = listing;
        this.prefix = prefix;
        this.use = use;
        this.selection = selection;
        this.tally = tally;
    }

    static StoreTree open(BlobStore store, String prefix, Use use, Selection selection, Tally tally)
            throws IOException {
        return new StoreTree(store.list(ListOptions.prefix(prefix)), prefix, use, selection, tally);
    }

    @Override
    public @Nullable DirectoryEntry next() throws IOException {
        while (listing.hasNext()) {
            if (!(listing.next() instanceof BlobListing.Blob blob)) {
                continue;
            }
            requireOrder(blob.key());
            String path = blob.name().substring(prefix.length());
            if (path.isEmpty() || (path.endsWith("/") && blob.size() == 0)) {
                if (use != Use.TARGET) {
                    tally.skipped(); // an empty blob that stands for a directory, as S3's console creates
                }
                continue;
            }
            DirectoryEntry entry = new DirectoryEntry(path, blob.size(), blob.lastModified());
            if (selection.contains(entry) && !(use == Use.SOURCE_OF_FILES && isBelowFile(blob.key(), path))) {
                return entry;
            }
        }
        if (use != Use.TARGET) {
            tally.skippedByStore(listing.skipped());
        }
        return null;
    }

    /** Checks what the comparison with another tree relies on. */
    private void requireOrder(BlobKey key) throws BlobStoreException {
        boolean ordered = previous == null || previous.compareTo(key) < 0;
        if (!ordered || !key.toString().startsWith(prefix)) {
            throw new BlobStoreException(
                    Operation.LIST,
                    key,
                    "the store lists it "
                            + (ordered ? "though it is not below '" + prefix + "'" : "after '" + previous + "'")
                            + "; directories cannot be transferred from or compared with such a store",
                    null,
                    false);
        }
        previous = key;
    }

    /** Returns whether the path leads through a file, and records the failure. */
    private boolean isBelowFile(BlobKey key, String path) throws IOException {
        while (!beginnings.isEmpty() && !path.startsWith(beginnings.peek())) {
            beginnings.pop();
        }
        for (String file : beginnings) {
            if (path.startsWith(file + "/")) {
                tally.failed(
                        path,
                        new UnsafeKeyException(
                                key,
                                "'" + prefix + file + "' is a blob too, and no path can be both a file and a directory;"
                                        + " exclude one of them"));
                return true;
            }
        }
        beginnings.push(path);
        return false;
    }

    @Override
    public void close() throws IOException {
        listing.close();
    }
}
