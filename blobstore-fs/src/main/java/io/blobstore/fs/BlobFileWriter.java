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
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * A blob's content on its way: a temporary file in the root's file system, preallocated to its full size, written at
 * any offsets by any number of threads, and then given the key's name by one rename.
 */
final class BlobFileWriter {
    /**
     * Bytes per write. A window is read twice, once for the checksum and once by the kernel, and the second time finds
     * it in the core's cache. Larger writes can be several times slower, as the kernel then allocates larger folios:
     * measured, see docs/adr/0004.
     */
    private static final int WINDOW = 128 * 1024;

    private final Operation operation;
    private final FsRoot root;
    private final BlobKey key;
    private final long size;
    private final StoreOptions options;
    private final Path target;
    private final Path temporary;
    private final BlobVersion version =
            new BlobVersion(UUID.randomUUID().toString().replace("-", ""));
    /**
     * Open from the first byte to the last: write-back errors are reported to descriptors that were open at the time.
     */
    private final FileChannel syncChannel;
    /** Whether the content has the key's name; by one thread at a time, as publishing is. */
    private boolean named;

    private BlobFileWriter(
            Operation operation,
            FsRoot root,
            BlobKey key,
            long size,
            StoreOptions options,
            Path target,
            Path temporary,
            FileChannel syncChannel) {
        this.operation = operation;
        this.root = root;
        this.key = key;
        this.size = size;
        this.options = options;
        this.target = target;
        this.temporary = temporary;
        this.syncChannel = syncChannel;
    }

    /** Returns the name of the temporary file, which no other writer of the store has. */
    String id() {
        return String.valueOf(temporary.getFileName());
    }

    /** Makes the temporary file. To be {@linkplain #publish published} or {@linkplain #discard discarded}. */
    static BlobFileWriter create(Operation operation, FsRoot root, BlobKey key, long size, StoreOptions options)
            throws IOException {
        Path target = root.paths().resolve(operation, key); // a key that is refused leaves no trace
        Path temporary = root.session().newTemporary();
        FileChannel channel = FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        BlobFileWriter blob = new BlobFileWriter(operation, root, key, size, options, target, temporary, channel);
        try {
            blob.preallocate();
            // Now rather than after gigabytes: metadata that does not fit, or a file system without attributes.
            blob.recordOf(Crc32c.EMPTY).write(temporary);
            return blob;
        } catch (IOException | RuntimeException | Error e) {
            blob.discard();
            throw e;
        }
    }

    /**
     * Gives the file its full size, so that parts land inside it in any order. Its blocks are allocated as they are
     * written.
     */
    private void preallocate() throws IOException {
        if (size > 0) {
            writeFully(syncChannel.position(size - 1), ByteBuffer.allocate(1));
        }
    }

    /**
     * Writes content at an offset, straight from the source's buffers.
     *
     * @return the content's checksum
     */
    Crc32c write(long offset, BlobSource content) throws IOException {
        CRC32C crc = new CRC32C();
        // A channel of its own: an interrupt closes the channel it meets, and must not end the writes of other threads.
        try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
            channel.position(offset);
            content.forEachBuffer(WINDOW, buffer -> {
                crc.update(buffer.duplicate());
                writeFully(channel, buffer);
            });
        }
        return new Crc32c((int) crc.getValue());
    }

    private static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    /** Gives the content its name, once it is complete. May be called again after a failure, and goes on from there. */
    StoredBlob publish(Crc32c checksum) throws IOException {
        if (!named) {
            recordOf(checksum).write(temporary);
            if (root.durability() == Durability.SYNC) {
                syncChannel.force(true);
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

    /** Lets go of the temporary file, and deletes it unless it has become the blob. */
    void discard() throws IOException {
        syncChannel.close();
        Files.deleteIfExists(temporary);
    }

    private BlobRecord recordOf(Crc32c checksum) throws IOException {
        Instant modified = Files.getLastModifiedTime(temporary).toInstant();
        return new BlobRecord(checksum, version, size, modified, options.contentType(), options.userMetadata());
    }

    private void requirePrecondition() throws IOException {
        Optional<BasicFileAttributes> present = root.paths().stat(operation, key, target);
        if (options.precondition() instanceof Precondition.IfAbsent && present.isPresent()) {
            throw new BlobAlreadyExistsException(operation, key, null);
        }
        if (options.precondition() instanceof Precondition.IfMatch wanted) {
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
        for (; ; ) {
            try {
                root.directories().makeAbove(operation, key, target);
                if (!(options.precondition() instanceof Precondition.IfAbsent) || !link()) {
                    Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
                }
                named = true;
                return;
            } catch (NoSuchFileException e) {
                if (!Files.exists(temporary)) {
                    throw e;
                }
                // A delete removed the directory while it was empty. Again.
            } catch (FileAlreadyExistsException e) {
                throw new BlobAlreadyExistsException(operation, key, e);
            } catch (FileSystemException e) {
                removeDirectoryInTheWay(e);
            }
        }
    }

    /**
     * Gives the file a second name, which unlike a rename fails if there is one: tools that do not know our locks are
     * excluded too.
     *
     * @return false if the file system has no links; then our locks must do
     */
    private boolean link() throws IOException {
        try {
            Files.createLink(target, temporary);
            return true;
        } catch (UnsupportedOperationException e) {
            return false;
        } catch (FileAlreadyExistsException e) {
            if (KeyPaths.isDirectory(target)) {
                return false; // let the rename tell whether it is in the way
            }
            throw e;
        } catch (NoSuchFileException e) {
            throw e;
        } catch (FileSystemException e) {
            return false;
        }
    }

    /** A directory at the blob's place is in the way if other keys are in it; an empty one is a relic. */
    private void removeDirectoryInTheWay(FileSystemException problem) throws IOException {
        if (!KeyPaths.isDirectory(target)) {
            throw problem;
        }
        try {
            Files.delete(target);
        } catch (DirectoryNotEmptyException e) {
            throw new InvalidBlobKeyException(
                    operation, key, "'" + key + "/' is the directory of other blobs, so it cannot be a blob as well");
        }
    }
}
