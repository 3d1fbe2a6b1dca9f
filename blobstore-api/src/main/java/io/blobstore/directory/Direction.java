package io.blobstore.directory;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.DeleteResult;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.TransferContext;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What differs between uploads, downloads, copies and deletions of trees: where the files are, and how one of them is
 * transferred. Thread-safe after {@link #begin}.
 */
interface Direction {
    /** Returns a description for messages and the log. */
    String description();

    /** Returns how often a failed request is attempted again. */
    RetryPolicy retry();

    /** Prepares the transfer; called once, before everything else. */
    default void begin() throws IOException {}

    /**
     * Opens the files of the source.
     *
     * @param sorted whether they must be in the order of keys
     */
    EntryStream openSource(boolean sorted, Selection selection, Tally tally) throws IOException;

    /** Opens the files of the target, in the order of keys. */
    EntryStream openTarget(Selection selection, Tally tally) throws IOException;

    /** Checks in a dry run what {@link #transfer} would check before the first request. */
    default void check(DirectoryEntry source) throws IOException {}

    /** Transfers a file. */
    void transfer(DirectoryEntry source, TransferContext context) throws IOException, InterruptedException;

    /** Returns the checksum of the source's file; empty if it is not known. */
    Optional<Crc32c> sourceChecksum(DirectoryEntry source, TransferContext context)
            throws IOException, InterruptedException;

    /** Returns the checksum of the target's file; empty if it is not known. */
    Optional<Crc32c> targetChecksum(DirectoryEntry target, TransferContext context)
            throws IOException, InterruptedException;

    /** Deletes files of the target; returns those that could not be deleted, each with the reason. */
    Map<DirectoryEntry, ? extends IOException> delete(List<DirectoryEntry> targets, TransferContext context)
            throws IOException, InterruptedException;

    /** Requests the checksum of a blob; empty if the store keeps none, or the blob has another size by now. */
    static Optional<Crc32c> checksum(BlobStore store, BlobKey key, long size, TransferContext context)
            throws IOException, InterruptedException {
        try {
            BlobMetadata blob = context.retrying("head '" + key + "'", () -> store.head(key));
            return blob.size() == size ? blob.checksum() : Optional.empty();
        } catch (BlobNotFoundException e) {
            return Optional.empty();
        }
    }

    /** Deletes blobs below a prefix; returns those that could not be deleted. */
    static Map<DirectoryEntry, BlobStoreException> delete(
            BlobStore store, String prefix, List<DirectoryEntry> targets, TransferContext context)
            throws IOException, InterruptedException {
        Map<BlobKey, DirectoryEntry> byKey = targets.stream()
                .collect(Collectors.toMap(entry -> BlobKey.of(prefix + entry.path()), Function.identity()));
        DeleteResult result = context.retrying("delete " + byKey.size() + " blobs", () -> store.delete(byKey.keySet()));
        return result.failures().entrySet().stream()
                .collect(Collectors.toMap(failure -> byKey.get(failure.getKey()), Map.Entry::getValue));
    }
}
