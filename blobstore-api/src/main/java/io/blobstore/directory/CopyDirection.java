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
 * Copies the blobs below a prefix to another prefix: inside a store without reading them, to another store through this
 * process.
 *
 * @param from empty, or ends with '/'
 * @param to empty, or ends with '/'
 */
record CopyDirection(BlobStore source, String from, BlobStore target, String to, DirectoryOptions options)
        implements Direction {
    @Override
    public String description() {
        return "copy of '" + from + "' to '" + to + "'" + (source == target ? "" : " in another store");
    }

    @Override
    public RetryPolicy retry() {
        return options.upload().retry();
    }

    @Override
    public EntryStream openSource(boolean sorted, Selection selection, Tally tally) throws IOException {
        return StoreTree.open(source, from, StoreTree.Use.SOURCE, selection, tally);
    }

    @Override
    public EntryStream openTarget(Selection selection, Tally tally) throws IOException {
        return StoreTree.open(target, to, StoreTree.Use.TARGET, selection, tally);
    }

    @Override
    public void check(DirectoryEntry entry) {
        targetKey(entry);
    }

    private BlobKey sourceKey(DirectoryEntry entry) {
        return BlobKey.of(from + entry.path());
    }

    private BlobKey targetKey(DirectoryEntry entry) {
        return BlobKey.of(to + entry.path());
    }

    @Override
    public void transfer(DirectoryEntry entry, TransferContext context) throws IOException, InterruptedException {
        BlobKey key = sourceKey(entry);
        if (source != target) {
            context.copy(source, key, target, targetKey(entry), options.upload());
            return;
        }
        CopyOptions copy = CopyOptions.builder()
                .precondition(options.upload().store().precondition())
                .build();
        context.retrying("copy '" + key + "'", () -> source.copy(key, targetKey(entry), copy));
        context.moved(entry.size());
    }

    @Override
    public Optional<Crc32c> sourceChecksum(DirectoryEntry entry, TransferContext context)
            throws IOException, InterruptedException {
        return Direction.checksum(source, sourceKey(entry), entry.size(), context);
    }

    @Override
    public Optional<Crc32c> targetChecksum(DirectoryEntry entry, TransferContext context)
            throws IOException, InterruptedException {
        return Direction.checksum(target, targetKey(entry), entry.size(), context);
    }

    @Override
    public Map<DirectoryEntry, BlobStoreException> delete(List<DirectoryEntry> targets, TransferContext context)
            throws IOException, InterruptedException {
        return Direction.delete(target, to, targets, context);
    }
}
