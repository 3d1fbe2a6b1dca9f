package io.blobstore.fs;

import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.InvalidBlobKeyException;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.internal.file.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * Writes a blob's content: to a temporary file of its full size in the root's file system, at any offsets from any
 * number of threads, and then to the key's path by one rename.
 */
final class BlobFileWriter {
    /** Renaming fails if other threads create and remove directories in the way at the same time. */
    private static final int RENAME_ATTEMPTS = 10;

    private static final int READ_BUFFER = 128 << 10;

    private final Operation operation;
    private final FsRoot root;
    private final BlobKey key;
    private final Precondition condition;
    private final BlobRecord.Description description;
    private final Path target;
    private final AtomicFile file;
    private final BlobVersion version =
            new BlobVersion(UUID.randomUUID().toString().replace("-", ""));
    /** Whether the key's path names the content; accessed by one thread at a time, as publishing is. */
    private boolean named;

    private BlobFileWriter(
            Operation operation,
            FsRoot root,
            BlobKey key,
            Precondition condition,
            BlobRecord.Description description,
            Path target,
            AtomicFile file) {
        this.operation = operation;
        this.root = root;
        this.key = key;
        this.condition = condition;
        this.description = description;
        this.target = target;
        this.file = file;
    }

    /** Returns the temporary file, whose path is unique in the store. */
    Path temporary() {
        return file.temporary();
    }

    /**
     * Creates the temporary file, to be {@linkplain #publish published} or {@linkplain #discard discarded}.
     *
     * @param size the content's size in bytes, for which room is made; 0 if it is not known
     */
    static BlobFileWriter create(Operation operation, FsRoot root, BlobKey key, long size, StoreOptions options)
            throws IOException {
        BlobRecord.Description description =
                new BlobRecord.Description(options.contentHeaders(), options.userMetadata());
        return create(operation, root, key, size, options.precondition(), description);
    }

    /** As the other method, for a description that may be outside the limits of {@link StoreOptions}. */
    static BlobFileWriter create(
            Operation operation,
            FsRoot root,
            BlobKey key,
            long size,
            Precondition condition,
            BlobRecord.Description description)
            throws IOException {
        Path target = root.paths().resolve(operation, key); // before any file is created
        AtomicFile file = AtomicFile.create(target, root.session().newTemporary());
        BlobFileWriter blob = new BlobFileWriter(operation, root, key, condition, description, target, file);
        try {
            file.extend(size);
            // Before the content: fails early if the metadata does not fit, or the file system has no attributes.
            blob.recordOf(size, Crc32c.EMPTY).write(file.temporary());
            return blob;
        } catch (IOException | RuntimeException | Error e) {
            blob.discard();
            throw e;
        }
    }

    /** Returns the writer of a temporary file that an earlier one has left. */
    static BlobFileWriter reopen(Operation operation, FsRoot root, BlobKey key, Path temporary, StoreOptions options)
            throws IOException {
        Path target = root.paths().resolve(operation, key);
        BlobRecord.Description description =
                new BlobRecord.Description(options.contentHeaders(), options.userMetadata());
        AtomicFile file = AtomicFile.reopen(target, temporary);
        return new BlobFileWriter(operation, root, key, options.precondition(), description, target, file);
    }

    /** Returns the checksum of bytes that were written; empty if the file ends before. */
    Optional<Crc32c> checksum(long offset, long length) throws IOException {
        OptionalInt crc = file.crc32c(offset, length, ByteBuffer.allocate(READ_BUFFER));
        return crc.isPresent() ? Optional.of(new Crc32c(crc.getAsInt())) : Optional.empty();
    }

    /** Closes the temporary file, and leaves it for {@link #reopen}. */
    void detach() throws IOException {
        file.detach();
    }

    /**
     * Writes content at an offset, straight from the source's buffers.
     *
     * @return the content's checksum
     */
    Crc32c write(long offset, BlobSource content) throws IOException {
        CRC32C crc = new CRC32C();
        try (AtomicFile.Section section = file.section(offset)) {
            content.forEachBuffer(AtomicFile.MAX_WRITE, buffer -> {
                crc.update(buffer.duplicate());
                section.write(buffer);
            });
        }
        return new Crc32c((int) crc.getValue());
    }

    /** Moves the complete content to the key's path. May be called again after a failure, and continues from there. */
    StoredBlob publish(long size, Crc32c checksum) throws IOException {
        if (!named) {
            file.truncate(size); // of a last part that was uploaded again, and is shorter now
            recordOf(size, checksum).write(file.temporary());
            if (root.durability() == Durability.SYNC) {
                file.force();
            }
            root.session().exclusively(key.toString(), () -> {
                requirePrecondition();
                rename();
                return true;
            });
        }
        root.directories().sync(KeyPaths.parent(target));
        return StoredBlob.of(key, size, version, Optional.of(checksum));
    }

    /** Deletes the temporary file; a published blob stays. Idempotent. */
    void discard() throws IOException {
        file.close();
    }

    private BlobRecord recordOf(long size, Crc32c checksum) throws IOException {
        Instant modified = Files.getLastModifiedTime(file.temporary()).toInstant();
        return new BlobRecord(checksum, version, size, modified, description);
    }

    private void requirePrecondition() throws IOException {
        Optional<BasicFileAttributes> present = root.paths().stat(operation, key, target);
        if (condition instanceof Precondition.IfAbsent && present.isPresent()) {
            throw new BlobAlreadyExistsException(operation, key, null);
        }
        if (condition instanceof Precondition.IfMatch wanted) {
            Optional<BlobVersion> found = root.version(operation, key, target);
            if (!found.equals(Optional.of(wanted.version()))) {
                throw new PreconditionFailedException(
                        operation,
                        key,
                        "its version is " + found.map(BlobVersion::value).orElse("none, as there is no blob,")
                                + " and not " + wanted.version(),
                        null);
            }
        }
    }

    private void rename() throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                root.directories().makeAbove(operation, key, target);
                if (!(condition instanceof Precondition.IfAbsent) || !link()) {
                    file.replaceTarget();
                }
                named = true;
                return;
            } catch (NoSuchFileException e) {
                if (!Files.exists(file.temporary())) {
                    throw e;
                }
                // A delete removed the directory while it was empty: try again.
            } catch (FileAlreadyExistsException e) {
                throw new BlobAlreadyExistsException(operation, key, e);
            } catch (FileSystemException e) {
                // Otherwise a directory at the path, or a blob above it, may have been removed meanwhile.
                if (!removeDirectoryInTheWay() && attempt == RENAME_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    /**
     * Links the file, which unlike a rename fails if the blob exists: this excludes also programs that ignore the
     * store's locks.
     *
     * @return false if the rename has to publish it, as the file system has no links or a directory is in the way
     */
    private boolean link() throws IOException {
        try {
            return file.linkTarget();
        } catch (FileAlreadyExistsException e) {
            if (KeyPaths.isDirectory(target)) {
                return false; // the rename reports it, or replaces it if it is empty
            }
            throw e;
        }
    }

    /**
     * Removes an empty directory at the blob's path, which remained after a deletion; fails if it contains other blobs.
     *
     * @return false if there is no directory at the path
     */
    private boolean removeDirectoryInTheWay() throws IOException {
        if (!KeyPaths.isDirectory(target)) {
            return false;
        }
        try {
            Files.deleteIfExists(target);
            return true;
        } catch (DirectoryNotEmptyException e) {
            throw new InvalidBlobKeyException(
                    operation, key, "'" + key + "/' is the directory of other blobs, so it cannot be a blob as well");
        }
    }
}
