package io.blobstore.fs;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobVersion;
import io.blobstore.Operation;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * One content of a blob, opened: its file, that file's attributes, and the record that belongs to them. Whatever
 * happens to the key meanwhile, the channel reads this content.
 *
 * @param channel reads the content
 * @param attributes the file's
 * @param record the blob's; empty for a file that another tool made or changed
 */
record BlobFile(FileChannel channel, BasicFileAttributes attributes, Optional<BlobRecord> record) implements Closeable {
    /**
     * Opens what a key holds now; empty if there is no blob.
     *
     * <p>Java reads attributes by path only, so channel, attributes and record may be caught in the middle of a
     * replacement. As that is a rename of another file, they belong together if the attributes are the same before and
     * after: device and inode, size, and time of modification to the nanosecond. Otherwise it is tried again.
     *
     * @throws io.blobstore.InvalidBlobKeyException as {@link KeyPaths#stat} does
     */
    static Optional<BlobFile> open(KeyPaths paths, Operation operation, BlobKey key, Path file) throws IOException {
        Optional<BasicFileAttributes> before = paths.stat(operation, key, file);
        while (before.isPresent()) {
            FileChannel channel;
            try {
                channel = FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
            } catch (NoSuchFileException e) {
                before = paths.stat(operation, key, file);
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
            } catch (NoSuchFileException e) {
                before = paths.stat(operation, key, file);
            } finally {
                if (opened.isEmpty()) {
                    channel.close();
                }
            }
        }
        return Optional.empty();
    }

    /** This content's version: the record's, or one made from the file's attributes. */
    BlobVersion version() {
        return record.map(BlobRecord::version)
                .orElseGet(() -> new BlobVersion("file-"
                        + Integer.toHexString(Objects.hashCode(attributes.fileKey())) + "-"
                        + Long.toHexString(attributes.size()) + "-"
                        + attributes.lastModifiedTime().toInstant()));
    }

    BlobMetadata metadata(BlobKey key) {
        return BlobMetadata.builder(
                        key,
                        attributes.size(),
                        version(),
                        attributes.lastModifiedTime().toInstant())
                .checksum(record.map(BlobRecord::checksum))
                .contentType(record.flatMap(BlobRecord::contentType))
                .userMetadata(record.map(BlobRecord::userMetadata).orElse(Map.of()))
                .build();
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
