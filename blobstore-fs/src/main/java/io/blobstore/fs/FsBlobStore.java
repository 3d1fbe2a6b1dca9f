package io.blobstore.fs;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.CopyOptions;
import io.blobstore.Crc32c;
import io.blobstore.DeleteResult;
import io.blobstore.IntegrityException;
import io.blobstore.ListOptions;
import io.blobstore.MultipartUpload;
import io.blobstore.Operation;
import io.blobstore.PreconditionFailedException;
import io.blobstore.PresignOptions;
import io.blobstore.PresignedUrl;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.SourceChangedException;
import io.blobstore.StoreCapabilities;
import io.blobstore.StoreCapabilities.Support;
import io.blobstore.StoreNotFoundException;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.UploadListing;
import io.blobstore.spi.ByteRanges;
import io.blobstore.spi.Deletions;
import io.blobstore.spi.OpenUploads;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Objects;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * A store in a local directory: {@code file:/dir?durability=sync|none&create=true}. The directory must exist, unless
 * {@code create=true} or {@link Builder#createDirectory} asks for it; later, a directory that has disappeared is an
 * error, as its file system may have been unmounted.
 *
 * <p>Each blob is a plain file, whose path is the key, readable by any tool; its metadata and checksum are an extended
 * attribute of that file, which {@code cp -a} copies. Files that other tools put into the directory are blobs without
 * checksum. The store's own files are in {@code .blobstore} below the root.
 *
 * <p>Storing writes to a temporary file and renames it: other processes see the old content, then the new, and after a
 * crash one of them. Preconditions are atomic between all processes that use this library on the directory;
 * {@link io.blobstore.Precondition#ifAbsent()} is also atomic towards other programs.
 *
 * <p>A key must be a relative path without {@code .} and {@code ..} that contains no symbolic link, and must not be the
 * directory of other keys; other keys are refused with {@link io.blobstore.InvalidBlobKeyException}.
 *
 * <p>A listing skips a directory directly in the root that may not be read, such as {@code lost+found}, with a warning.
 * Elsewhere it is an error, and also if the prefix names it, and for {@link #deleteAll}.
 *
 * <p>Storing needs a file system with user-defined extended attributes; reading does not.
 */
public final class FsBlobStore implements BlobStore {
    /** Bounds the memory per upload; the file system has no limit. Larger blobs have larger parts. */
    private static final int MAX_PARTS = 100_000;

    private static final StoreCapabilities CAPABILITIES = StoreCapabilities.builder()
            .minPartSize(1)
            .maxParts(MAX_PARTS)
            .conditionalStore(Support.NATIVE)
            .build();

    /**
     * The maximum number of bytes per read: small enough to be in the cache when the checksum is computed. Also bounds
     * the direct buffer that the JDK uses for a heap target.
     */
    private static final int WINDOW = 256 * 1024;

    private static final int COPY_ATTEMPTS = 3;

    private final FsRoot root;
    private final OpenUploads uploads = new OpenUploads();

    private FsBlobStore(FsRoot root) {
        this.root = root;
    }

    /** Opens the store in a directory with default options; see {@link Builder#open()}. */
    public static FsBlobStore open(Path directory) throws IOException {
        return builder(directory).open();
    }

    /** Returns a builder with default options. */
    public static Builder builder(Path directory) {
        return new Builder(directory);
    }

    @Override
    public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(content, "content");
        Objects.requireNonNull(options, "options");
        return translating(Operation.STORE, key, () -> {
            BlobFileWriter blob = BlobFileWriter.create(Operation.STORE, root, key, content.size(), options);
            try {
                return blob.publish(content.size(), blob.write(0, content));
            } finally {
                blob.discard();
            }
        });
    }

    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(range, "range");
        Objects.requireNonNull(target, "target");
        Objects.requireNonNull(options, "options");
        ByteRanges.requireRoom(range, target.remaining());
        return translating(Operation.READ, key, () -> {
            try (BlobFile blob = openBlob(Operation.READ, key)) {
                requireVersion(Operation.READ, key, options.ifMatch(), blob);
                long size = blob.attributes().size();
                ByteRange exact = ByteRanges.resolve(range, key, size, target.remaining());
                Crc32c checksum = fill(key, blob.channel(), exact, target);
                if (exact.length() == size) {
                    requireChecksum(Operation.READ, key, blob, checksum);
                }
                return ReadResult.of(blob.metadata(key), exact.length(), checksum);
            }
        });
    }

    private static Crc32c fill(BlobKey key, FileChannel channel, ByteRange range, BlobTarget.Window target)
            throws IOException {
        CRC32C crc = new CRC32C();
        for (long done = 0; done < range.length(); ) {
            ByteBuffer memory = target.buffer();
            int most = (int) Math.min(Math.min(WINDOW, memory.remaining()), range.length() - done);
            ByteBuffer piece = memory.slice(memory.position(), most);
            int bytes = channel.read(piece, range.offset() + done);
            if (bytes < 0) {
                throw new IntegrityException(
                        Operation.READ, key, "another program truncated its file while it was read", null);
            }
            crc.update(piece.flip());
            memory.position(memory.position() + bytes);
            done += bytes;
        }
        return new Crc32c((int) crc.getValue());
    }

    @Override
    public BlobMetadata head(BlobKey key) throws IOException {
        Objects.requireNonNull(key, "key");
        return translating(Operation.HEAD, key, () -> {
            try (BlobFile blob = openBlob(Operation.HEAD, key)) {
                if (blob.attributes().size() == 0) {
                    requireEnd(Operation.HEAD, key, blob); // nobody reads an empty blob
                }
                return blob.metadata(key);
            }
        });
    }

    @Override
    public BlobListing list(ListOptions options) throws IOException {
        Objects.requireNonNull(options, "options");
        return list(options, false);
    }

    private BlobListing list(ListOptions options, boolean complete) throws IOException {
        root.requireOpen();
        return FsErrors.translating(Operation.LIST, null, root.path(), () -> FsListing.open(root, options, complete));
    }

    @Override
    public void delete(BlobKey key) throws IOException {
        Objects.requireNonNull(key, "key");
        translating(Operation.DELETE, key, () -> {
            Path file = root.paths().resolve(Operation.DELETE, key);
            if (root.paths().stat(Operation.DELETE, key, file).isEmpty()) {
                root.requireDirectory();
                return false; // a session would need write access to the directory
            }
            boolean deleted = root.session().exclusively(key.toString(), () -> {
                boolean present = root.paths().stat(Operation.DELETE, key, file).isPresent();
                return present && Files.deleteIfExists(file);
            });
            if (deleted) {
                root.directories().sync(KeyPaths.parent(file));
                root.directories().removeEmptyAbove(file, root.session());
            }
            return deleted;
        });
    }

    @Override
    public DeleteResult delete(Collection<BlobKey> keys) throws IOException {
        Objects.requireNonNull(keys, "keys");
        root.requireOpen();
        return Deletions.oneByOne(keys, this::delete);
    }

    @Override
    public long deleteAll(String prefix) throws IOException {
        Objects.requireNonNull(prefix, "prefix");
        if (prefix.isEmpty()) {
            throw new IllegalArgumentException(
                    "deleteAll needs a prefix: an empty one would delete every blob of the store");
        }
        long deleted = 0;
        try (BlobListing blobs = list(ListOptions.prefix(prefix), true)) {
            while (blobs.hasNext()) {
                if (blobs.next() instanceof BlobListing.Blob blob) {
                    delete(blob.key());
                    deleted++;
                }
            }
        }
        return deleted;
    }

    /**
     * Copies through this process, which compares the content with its checksum. The copy has the content and the
     * metadata; the file's owner and permissions are those of a new blob.
     */
    @Override
    public StoredBlob copy(BlobKey from, BlobKey to, CopyOptions options) throws IOException {
        Objects.requireNonNull(from, "from");
        Objects.requireNonNull(to, "to");
        Objects.requireNonNull(options, "options");
        for (int attempt = 1; ; attempt++) {
            try {
                return copyOnce(from, to, options);
            } catch (SourceChangedException e) {
                if (options.sourceVersion().isPresent() || attempt == COPY_ATTEMPTS) {
                    throw new PreconditionFailedException(
                            Operation.COPY, from, "it was replaced while it was copied", e);
                }
            }
        }
    }

    private StoredBlob copyOnce(BlobKey from, BlobKey to, CopyOptions options) throws IOException {
        return translating(Operation.COPY, from, () -> {
            BlobSource content = openSource(from);
            try (BlobFile blob = openBlob(Operation.COPY, from)) {
                requireVersion(Operation.COPY, from, options.sourceVersion(), blob);
                BlobFileWriter copy = BlobFileWriter.create(
                        Operation.COPY, root, to, content.size(), options.precondition(), blob.description());
                try {
                    Crc32c checksum = copy.write(0, content);
                    requireChecksum(Operation.COPY, from, blob, checksum);
                    return copy.publish(content.size(), checksum);
                } finally {
                    copy.discard();
                }
            }
        });
    }

    private BlobSource openSource(BlobKey key) throws IOException {
        Path file = root.paths().resolve(Operation.COPY, key);
        try {
            if (root.paths().stat(Operation.COPY, key, file).isPresent()) {
                return BlobSource.ofPath(file);
            }
        } catch (FileSystemException e) {
            if (!FsErrors.isMissing(e)) {
                throw e;
            }
            // deleted meanwhile
        }
        root.requireDirectory();
        throw new BlobNotFoundException(Operation.COPY, key, null);
    }

    @Override
    public PresignedUrl presign(BlobKey key, PresignOptions options) {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(options, "options");
        root.requireOpen();
        throw new UnsupportedOperationException("a local directory has no URLs to presign: " + this);
    }

    @Override
    public MultipartUpload createMultipartUpload(BlobKey key, PartLayout layout, StoreOptions options)
            throws IOException {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(layout, "layout");
        Objects.requireNonNull(options, "options");
        layout.requireWithin(CAPABILITIES);
        return translating(Operation.CREATE_UPLOAD, key, () -> {
            root.paths().resolve(Operation.CREATE_UPLOAD, key); // an invalid key fails the creation, not the completion
            long size = layout.isSizeKnown() ? layout.size() : 0;
            return uploads.create(() -> FsMultipartUpload.create(
                    key,
                    layout,
                    root.path(),
                    BlobFileWriter.create(Operation.COMPLETE_UPLOAD, root, key, size, options),
                    uploads));
        });
    }

    /**
     * Goes on with an upload whose parts are in a temporary file, which are read again to compare them. What was kept
     * by a process that has ended is deleted when it was not changed for 7 days.
     */
    @Override
    public Optional<MultipartUpload> resumeMultipartUpload(
            BlobKey key, String id, PartLayout layout, StoreOptions options) throws IOException {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(layout, "layout");
        Objects.requireNonNull(options, "options");
        layout.requireWithin(CAPABILITIES);
        return translating(Operation.RESUME_UPLOAD, key, () -> {
            root.paths().resolve(Operation.RESUME_UPLOAD, key);
            Optional<Path> temporary = FsUploads.find(root, key, id);
            if (temporary.isEmpty()) {
                return Optional.empty();
            }
            BlobFileWriter blob = BlobFileWriter.reopen(Operation.COMPLETE_UPLOAD, root, key, temporary.get(), options);
            return Optional.of(FsMultipartUpload.resume(key, layout, root.path(), blob, uploads));
        });
    }

    /**
     * Lists the uploads of live processes, and those that were kept: what else dead processes leave is deleted when a
     * store is opened.
     */
    @Override
    public UploadListing listUploads(String prefix) throws IOException {
        Objects.requireNonNull(prefix, "prefix");
        root.requireOpen();
        return FsErrors.translating(Operation.LIST_UPLOADS, null, root.path(), () -> {
            root.requireDirectory();
            return UploadListing.of(FsUploads.list(root, prefix));
        });
    }

    @Override
    public void abortUpload(BlobKey key, String id) throws IOException {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(id, "id");
        translating(Operation.ABORT_UPLOAD, key, () -> {
            FsUploads.abort(root, key, id);
            return true;
        });
    }

    @Override
    public StoreCapabilities capabilities() {
        return CAPABILITIES;
    }

    /** Aborts open uploads, and deletes this store's temporary files. Idempotent. */
    @Override
    public void close() throws IOException {
        try {
            uploads.close();
        } finally {
            root.close();
        }
    }

    @Override
    public String toString() {
        return root.path().toUri().toString();
    }

    private <T> T translating(Operation operation, BlobKey key, FsErrors.Action<T> body) throws IOException {
        root.requireOpen();
        return FsErrors.translating(operation, key, root.path(), body);
    }

    private BlobFile openBlob(Operation operation, BlobKey key) throws IOException {
        Path file = root.paths().resolve(operation, key);
        Optional<BlobFile> blob = BlobFile.open(root.paths(), operation, key, file);
        if (blob.isEmpty()) {
            root.requireDirectory();
        }
        return blob.orElseThrow(() -> new BlobNotFoundException(operation, key, null));
    }

    private static void requireVersion(Operation operation, BlobKey key, Optional<BlobVersion> wanted, BlobFile blob)
            throws IOException {
        if (wanted.isPresent() && !wanted.get().equals(blob.version())) {
            throw new PreconditionFailedException(
                    operation, key, "its version is " + blob.version() + " and not " + wanted.get(), null);
        }
    }

    /** Checks content that was read as a whole. */
    private static void requireChecksum(Operation operation, BlobKey key, BlobFile blob, Crc32c actual)
            throws IOException {
        requireEnd(operation, key, blob);
        Optional<Crc32c> recorded = blob.record().map(BlobRecord::checksum);
        if (recorded.isPresent() && !recorded.get().equals(actual)) {
            throw new IntegrityException(
                    operation,
                    key,
                    "its content has " + actual + ", but was stored with " + recorded.get()
                            + "; the file or its device is damaged, restore it from a copy",
                    null);
        }
    }

    /** Checks that a file without a checksum contains no more bytes than its size. */
    private static void requireEnd(Operation operation, BlobKey key, BlobFile blob) throws IOException {
        if (blob.record().isEmpty() && blob.isLongerThanItsSize()) {
            throw new IntegrityException(
                    operation,
                    key,
                    "its file contains more than the " + blob.attributes().size()
                            + " bytes of its size, as files in /proc do",
                    null);
        }
    }

    /** Builds a store. Not thread-safe. */
    public static final class Builder {
        private final Path directory;
        private boolean createDirectory;
        private Durability durability = Durability.SYNC;

        private Builder(Path directory) {
            this.directory = Objects.requireNonNull(directory, "directory");
        }

        /** Sets whether a missing directory is created when the store is opened, with its parents; default false. */
        public Builder createDirectory(boolean createDirectory) {
            this.createDirectory = createDirectory;
            return this;
        }

        /** Sets what survives a power failure right after a call has returned; default {@link Durability#SYNC}. */
        public Builder durability(Durability durability) {
            this.durability = Objects.requireNonNull(durability, "durability");
            return this;
        }

        /**
         * Opens the store, to be closed by the caller, and deletes the temporary files of dead processes.
         *
         * @throws StoreNotFoundException if the directory does not exist and is not to be created, or is not a
         *     directory
         */
        public FsBlobStore open() throws IOException {
            return new FsBlobStore(FsErrors.translating(
                    Operation.OPEN, null, directory, () -> FsRoot.open(directory, createDirectory, durability)));
        }
    }
}
