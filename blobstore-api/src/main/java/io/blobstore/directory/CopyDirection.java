package io.blobstore.directory;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.CopyOptions;
import io.blobstore.Crc32c;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.TransferContext;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Copies the blobs below a prefix to another prefix of the same store, without reading them.
 *
 * @param from empty, or ends with '/'
 * @param to empty, or ends with '/'
 */
record CopyDirection(BlobStore store, String from, String to, DirectoryOptions options) implements Direction {
    @Override
    public String description() {
        return "copy of '" + from + "' to '" + to + "'";
    }

    @Override
    public RetryPolicy retry() {
        return options.upload().retry();
    }

    @Override
    public EntryStream openSource(boolean sorted, Selection selection, Tally tally) throws IOException {
        return StoreTree.open(store, from, StoreTree.Use.SOURCE, selection, tally);
    }

    @Override
    public EntryStream openTarget(Selection selection, Tally tally) throws IOException {
        return StoreTree.open(store, to, StoreTree.Use.TARGET, selection, tally);
    }

    @Override
    public void check(DirectoryEntry source) {
        target(source);
    }

    private BlobKey target(DirectoryEntry entry) {
        return BlobKey.of(to + entry.path());
    }

    @Override
    public void transfer(DirectoryEntry source, TransferContext context) throws IOException, InterruptedException {
        BlobKey key = BlobKey.of(from + source.path());
        CopyOptions copy = CopyOptions.builder()
                .precondition(options.upload().store().precondition())
                .build();
        context.retrying("copy '" + key + "'", () -> store.copy(key, target(source), copy));
        context.moved(source.size());
    }

    @Override
    public Optional<Crc32c> sourceChecksum(DirectoryEntry source, TransferContext context)
            throws IOException, InterruptedException {
        return Direction.checksum(store, BlobKey.of(from + source.path()), source.size(), context);
    }

    @Override
    public Optional<Crc32c> targetChecksum(DirectoryEntry target, TransferContext context)
            throws IOException, InterruptedException {
        return Direction.checksum(store, target(target), target.size(), context);
    }

    @Override
    public Map<DirectoryEntry, BlobStoreException> delete(List<DirectoryEntry> targets, TransferContext context)
            throws IOException, InterruptedException {
        return Direction.delete(store, to, targets, context);
    }
}
