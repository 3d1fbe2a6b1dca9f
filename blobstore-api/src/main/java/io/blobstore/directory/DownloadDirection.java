package io.blobstore.directory;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.Crc32c;
import io.blobstore.ReadResult;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.TransferContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the blobs below a prefix into files of a directory, which is created. */
final class DownloadDirection implements Direction {
    private static final Logger LOG = LoggerFactory.getLogger(DownloadDirection.class);

    private final BlobStore store;
    private final String prefix;
    private final Path directory;
    private final DirectoryOptions options;
    /** Null before {@link #begin}, and in a dry run if the directory does not exist. */
    private @Nullable TargetDirectory target;

    /** @param prefix empty, or ends with '/' */
    DownloadDirection(BlobStore store, String prefix, Path directory, DirectoryOptions options) {
        this.store = store;
        this.prefix = prefix;
        this.directory = directory;
        this.options = options;
    }

    @Override
    public String description() {
        return "download of '" + prefix + "' into '" + directory + "'";
    }

    @Override
    public RetryPolicy retry() {
        return options.download().retry();
    }

    @Override
    public void begin() throws IOException {
        if (!options.dryRun()) {
            Files.createDirectories(directory);
        }
        if (Files.exists(directory)) {
            target = new TargetDirectory(directory);
        }
    }

    @Override
    public EntryStream openSource(boolean sorted, Selection selection, Tally tally) throws IOException {
        return StoreTree.open(store, prefix, StoreTree.Use.SOURCE_OF_FILES, selection, tally);
    }

    @Override
    public EntryStream openTarget(Selection selection, Tally tally) throws IOException {
        return target == null
                ? EntryStream.EMPTY
                : LocalTree.open(directory, new LocalTree.Options(true, false, false), selection, tally);
    }

    private BlobKey key(DirectoryEntry entry) {
        return BlobKey.of(prefix + entry.path());
    }

    private TargetDirectory target() {
        TargetDirectory created = target;
        if (created == null) {
            throw new IllegalStateException("a dry run writes no file");
        }
        return created;
    }

    @Override
    public void check(DirectoryEntry source) throws IOException {
        if (target != null) {
            target.resolve(key(source), source.path());
        }
    }

    @Override
    public void transfer(DirectoryEntry source, TransferContext context) throws IOException, InterruptedException {
        BlobKey key = key(source);
        try (TargetDirectory.Claim claim = target().claim(key, source.path())) {
            ReadResult read = context.download(store, key, BlobTarget.ofPath(claim.file()), options(source.size()));
            setTime(claim.file(), read);
        }
    }

    /** Returns options whose requests take no more of the manager's budget than the blob is large. */
    private DownloadOptions options(long size) {
        DownloadOptions download = options.download();
        return size >= download.partSize()
                ? download
                : download.toBuilder().partSize(size + 1).build();
    }

    /**
     * Sets a file's time to that of the blob, by the store's clock, so that later comparisons do not mix two clocks.
     */
    private static void setTime(Path file, ReadResult read) {
        try {
            Files.setLastModifiedTime(file, FileTime.from(read.blob().lastModified()));
        } catch (IOException e) {
            LOG.debug("The time of {} was not set", file, e);
        }
    }

    @Override
    public Optional<Crc32c> sourceChecksum(DirectoryEntry source, TransferContext context)
            throws IOException, InterruptedException {
        return Direction.checksum(store, key(source), source.size(), context);
    }

    @Override
    public Optional<Crc32c> targetChecksum(DirectoryEntry entry, TransferContext context) throws IOException {
        return Optional.of(Crc32c.of(BlobSource.ofPath(directory.resolve(entry.path()))));
    }

    @Override
    public Map<DirectoryEntry, IOException> delete(List<DirectoryEntry> targets, TransferContext context) {
        Map<DirectoryEntry, IOException> failures = new HashMap<>();
        for (DirectoryEntry entry : targets) {
            try {
                target().delete(key(entry), entry.path());
            } catch (IOException e) {
                failures.put(entry, e);
            }
        }
        return failures;
    }
}
