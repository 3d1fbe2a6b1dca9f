package io.blobstore.directory;

import io.blobstore.BlobStore;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Uploads and downloads directory trees: each file is a blob, whose key is a prefix followed by the file's path
 * relative to the directory, with '/' between names.
 *
 * <pre>{@code
 * try (TransferManager transfers = TransferManager.create()) {
 *     DirectoryTransfer directories = DirectoryTransfer.of(transfers);
 *     DirectoryResult result = directories
 *             .upload(Path.of("photos"), store, "2024/photos", DirectoryOptions.DEFAULT)
 *             .join();
 *     System.out.println(result.transferred() + " files, " + result.bytes() + " bytes");
 * }
 * }</pre>
 *
 * <p>A prefix names a directory of the store: '/' is appended unless it is empty or ends with '/'. Only files are
 * transferred; empty directories, permissions and owners are not.
 *
 * <p>Files are found while others are transferred. Memory does not grow with their number, except that comparing and
 * deleting holds the names of each local directory between the root and the current file. Small files are stored and
 * read with one request each, over connections that are kept; large ones in parallel parts, as by
 * {@link TransferManager}, whose memory budget, executor and retries apply.
 *
 * <p>Each transfer can be joined and cancelled; files that were transferred before it failed or was cancelled stay,
 * each of them whole. Thread-safe.
 */
public final class DirectoryTransfer {
    private final TransferManager transfers;

    private DirectoryTransfer(TransferManager transfers) {
        this.transfers = transfers;
    }

    /** Returns an object that transfers directories by this manager, which the caller closes. */
    public static DirectoryTransfer of(TransferManager transfers) {
        return new DirectoryTransfer(Objects.requireNonNull(transfers, "transfers"));
    }

    /**
     * Starts to store the files of a directory, and returns at once. Files are read, and not mapped, so that other
     * programs may change or truncate them: a file that changes while it is read fails with
     * {@link io.blobstore.SourceChangedException}, and is not stored. The transfer fails if the directory is missing or
     * cannot be read.
     *
     * @throws IllegalStateException if the manager is closed
     */
    public Transfer<DirectoryResult> upload(Path directory, BlobStore store, String prefix, DirectoryOptions options) {
        return start(
                new UploadDirection(
                        Objects.requireNonNull(directory, "directory"),
                        Objects.requireNonNull(store, "store"),
                        directoryPrefix(prefix),
                        options),
                options);
    }

    /**
     * Starts to read the blobs below a prefix into files of a directory, which is created if it is missing, and returns
     * at once. Each file is written beside its path and renamed when it is complete and verified; its time of
     * modification is the time at which the blob was stored.
     *
     * <p>Nothing is written outside of the directory: a key that names no file of its own in it fails with
     * {@link UnsafeKeyException}. Symbolic links below the directory are not followed. Other programs must not replace
     * directories by links meanwhile.
     *
     * @throws IllegalStateException if the manager is closed
     */
    public Transfer<DirectoryResult> download(
            BlobStore store, String prefix, Path directory, DirectoryOptions options) {
        return start(
                new DownloadDirection(
                        Objects.requireNonNull(store, "store"),
                        directoryPrefix(prefix),
                        Objects.requireNonNull(directory, "directory"),
                        options),
                options);
    }

    /**
     * Starts to copy the blobs below a prefix to another one, inside the store, as {@link BlobStore#copy} does, and
     * returns at once.
     *
     * @throws IllegalArgumentException if one prefix begins with the other: the copies would be copied as well
     * @throws IllegalStateException if the manager is closed
     */
    public Transfer<DirectoryResult> copy(BlobStore store, String from, String to, DirectoryOptions options) {
        Objects.requireNonNull(store, "store");
        String source = directoryPrefix(from);
        String target = directoryPrefix(to);
        if (source.startsWith(target) || target.startsWith(source)) {
            throw new IllegalArgumentException("'" + source + "' and '" + target
                    + "' overlap: the copies would be copied again; choose a prefix outside of the other");
        }
        return start(new CopyDirection(store, source, store, target, options), options);
    }

    /**
     * Starts to copy the blobs below a prefix of a store to a prefix of another one, and returns at once. Content
     * passes through this process, in parallel parts, as with {@link TransferManager#copy}; the options of each copy
     * are {@link DirectoryOptions#upload()}. If both are the same object, the store copies by itself, as in
     * {@link #copy(BlobStore, String, String, DirectoryOptions)}; do not open one bucket twice for a copy inside it.
     *
     * @throws IllegalArgumentException if both are the same object, and one prefix begins with the other
     * @throws IllegalStateException if the manager is closed
     */
    public Transfer<DirectoryResult> copy(
            BlobStore source, String from, BlobStore target, String to, DirectoryOptions options) {
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(target, "target");
        if (source == target) {
            return copy(source, from, to, options);
        }
        return start(new CopyDirection(source, directoryPrefix(from), target, directoryPrefix(to), options), options);
    }

    /**
     * Starts to delete the blobs whose keys begin with a prefix and that the options include, and returns at once. The
     * prefix is used as it is, and paths are relative to it.
     *
     * @throws IllegalStateException if the manager is closed
     */
    public Transfer<DirectoryResult> delete(BlobStore store, String prefix, DirectoryOptions options) {
        DirectoryOptions deleting = options.toBuilder().delete(true).build();
        return start(
                new DeleteDirection(
                        Objects.requireNonNull(store, "store"), Objects.requireNonNull(prefix, "prefix"), deleting),
                deleting);
    }

    private Transfer<DirectoryResult> start(Direction direction, DirectoryOptions options) {
        return transfers.start(
                new DirectoryTask(direction, options), direction.retry(), options.concurrency(), options.listener());
    }

    private static String directoryPrefix(String prefix) {
        Objects.requireNonNull(prefix, "prefix");
        return prefix.isEmpty() || prefix.endsWith("/") ? prefix : prefix + "/";
    }
}
