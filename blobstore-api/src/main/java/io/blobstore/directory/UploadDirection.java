package io.blobstore.directory;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.TransferContext;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Stores the files of a directory as blobs. Files are read and not mapped: other programs may truncate them, which
 * kills a process that has mapped them (docs/adr/0030).
 *
 * @param prefix empty, or ends with '/'
 */
record UploadDirection(Path directory, BlobStore store, String prefix, DirectoryOptions options) implements Direction {
    @Override
    public String description() {
        return "upload of directory '" + directory + "'";
    }

    @Override
    public RetryPolicy retry() {
        return options.upload().retry();
    }

    @Override
    public EntryStream openSource(boolean sorted, Selection selection, Tally tally) throws IOException {
        return LocalTree.open(directory, new LocalTree.Options(sorted, options.followLinks(), true), selection, tally);
    }

    @Override
    public EntryStream openTarget(Selection selection, Tally tally) throws IOException {
        return StoreTree.open(store, prefix, StoreTree.Use.TARGET, selection, tally);
    }

    private BlobKey key(DirectoryEntry entry) {
        return BlobKey.of(prefix + entry.path());
    }

    private BlobSource source(DirectoryEntry entry) throws IOException {
        return BlobSource.ofPath(directory.resolve(entry.path()));
    }

    @Override
    public void check(DirectoryEntry source) {
        key(source);
    }

    @Override
    public void transfer(DirectoryEntry source, TransferContext context) throws IOException, InterruptedException {
        BlobKey key = key(source);
        if (source.size() <= Math.min(SmallFile.MAX_SIZE, options.upload().partSize())) {
            Optional<SmallFile> small = SmallFile.read(directory.resolve(source.path()));
            if (small.isPresent()) {
                try (SmallFile file = small.get()) {
                    context.upload(store, key, file.content(), options.upload());
                }
                return;
            }
        }
        context.upload(store, key, source(source), options.upload());
    }

    @Override
    public Optional<Crc32c> sourceChecksum(DirectoryEntry source, TransferContext context) throws IOException {
        return Optional.of(Crc32c.of(source(source)));
    }

    @Override
    public Optional<Crc32c> targetChecksum(DirectoryEntry target, TransferContext context)
            throws IOException, InterruptedException {
        return Direction.checksum(store, key(target), target.size(), context);
    }

    @Override
    public Map<DirectoryEntry, BlobStoreException> delete(List<DirectoryEntry> targets, TransferContext context)
            throws IOException, InterruptedException {
        return Direction.delete(store, prefix, targets, context);
    }
}
