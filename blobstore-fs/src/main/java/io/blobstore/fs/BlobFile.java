package io.blobstore.fs;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobVersion;
import io.blobstore.Operation;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Optional;

/**
 * An open blob: its file, the file's attributes, and the record that describes them. The channel reads this content
 * even if the key's blob is replaced or deleted meanwhile.
 *
 * @param channel reads the content
 * @param attributes the file's attributes
 * @param record the blob's record; empty for a file that another tool created or changed
 */
record BlobFile(FileChannel channel, BasicFileAttributes attributes, Optional<BlobRecord> record) implements Closeable {
    /**
     * Opens the key's current blob; empty if the key has none.
     *
     * <p>Java reads attributes by path only, so the blob may be replaced between opening the channel and reading
     * attributes and record. As a replacement renames another file, they belong together if the attributes are the same
     * before and after: device and inode, size, and time of modification to the nanosecond. Otherwise this tries again.
     *
     * @throws io.blobstore.InvalidBlobKeyException as {@link KeyPaths#stat} does
     */
    static Optional<BlobFile> open(KeyPaths paths, Operation operation, BlobKey key, Path file) throws IOException {
        Optional<BasicFileAttributes> before = paths.stat(operation, key, file);
        while (before.isPresent()) {
            FileChannel channel;
            try {
                channel = FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
            } catch (FileSystemException e) {
                before = statAgain(paths, operation, key, file, e);
                continue;
            }
            Optional<BlobFile> opened = Optional.empty();
            try {
                Optional<BlobRecord> record = BlobRecord.read(file);
                Optional<BasicFileAttributes> after = paths.stat(operation, key, file);
                if (after.isPresent() && same(before.get(), after.get())) {
                    BasicFileAttributes attributes = after.get();
                    opened = Optional.of(
                            new BlobFile(channel, attributes, record.filter(found -> found.describes(attributes))));
                    return opened;
                }
                before = after;
            } catch (FileSystemException e) {
                before = statAgain(paths, operation, key, file, e);
            } finally {
                if (opened.isEmpty()) {
                    channel.close();
                }
            }
        }
        return Optional.empty();
    }

    /** Returns the attributes after the file or its directory has disappeared; other problems are thrown. */
    private static Optional<BasicFileAttributes> statAgain(
            KeyPaths paths, Operation operation, BlobKey key, Path file, FileSystemException problem)
            throws IOException {
        if (!FsErrors.isMissing(problem)) {
            throw problem;
        }
        return paths.stat(operation, key, file);
    }

    /** Returns the content's version: the record's, or one computed from the file's attributes. */
    BlobVersion version() {
        return record.map(BlobRecord::version)
                .orElseGet(() -> new BlobVersion("file-"
                        + Integer.toHexString(Objects.hashCode(attributes.fileKey())) + "-"
                        + Long.toHexString(attributes.size()) + "-"
                        + attributes.lastModifiedTime().toInstant()));
    }

    /** Returns the metadata that the blob was stored with; none for a file that another tool created or changed. */
    BlobRecord.Description description() {
        return record.map(BlobRecord::description).orElse(BlobRecord.Description.NONE);
    }

    BlobMetadata metadata(BlobKey key) {
        return BlobMetadata.builder(
                        key,
                        attributes.size(),
                        version(),
                        attributes.lastModifiedTime().toInstant())
                .checksum(record.map(BlobRecord::checksum))
                .contentHeaders(description().contentHeaders())
                .userMetadata(description().userMetadata())
                .build();
    }

    /** Returns whether the file contains more bytes than its size, though no program appends to it. */
    boolean isLongerThanItsSize() throws IOException {
        long size = attributes.size();
        return channel.read(ByteBuffer.allocate(1), size) > 0 && channel.size() == size;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private static boolean same(BasicFileAttributes a, BasicFileAttributes b) {
        return Objects.equals(a.fileKey(), b.fileKey())
                && a.size() == b.size()
                && a.lastModifiedTime().equals(b.lastModifiedTime());
    }
}
