package io.blobstore.directory;

import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.TransferContext;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Deletes the blobs below a prefix: they are extraneous, as there is no source.
 *
 * @param prefix any text with which the keys begin
 */
record DeleteDirection(BlobStore store, String prefix, DirectoryOptions options) implements Direction {
    @Override
    public String description() {
        return "deletion of '" + prefix + "'";
    }

    @Override
    public RetryPolicy retry() {
        return options.upload().retry();
    }

    @Override
    public EntryStream openSource(boolean sorted, Selection selection, Tally tally) {
        return EntryStream.EMPTY;
    }

    @Override
    public EntryStream openTarget(Selection selection, Tally tally) throws IOException {
        return StoreTree.open(store, prefix, StoreTree.Use.TARGET, selection, tally);
    }

    @Override
    public void transfer(DirectoryEntry source, TransferContext context) {
        throw new AssertionError("there is no source");
    }

    @Override
    public Optional<Crc32c> sourceChecksum(DirectoryEntry source, TransferContext context) {
        return Optional.empty();
    }

    @Override
    public Optional<Crc32c> targetChecksum(DirectoryEntry target, TransferContext context) {
        return Optional.empty();
    }

    @Override
    public Map<DirectoryEntry, BlobStoreException> delete(List<DirectoryEntry> targets, TransferContext context)
            throws IOException, InterruptedException {
        return Direction.delete(store, prefix, targets, context);
    }
}
