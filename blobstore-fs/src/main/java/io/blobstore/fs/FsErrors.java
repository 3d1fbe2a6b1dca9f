package io.blobstore.fs;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.InvalidBlobKeyException;
import io.blobstore.Operation;
import io.blobstore.PermissionDeniedException;
import io.blobstore.StorageFullException;
import io.blobstore.StoreNotFoundException;
import io.blobstore.internal.concurrent.Interrupts;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Translates the operating system's errors to the contract's exceptions.
 *
 * <p>Java reports the error number as text only, in the process's language. An unknown text becomes a plain
 * {@link BlobStoreException} that repeats it.
 */
final class FsErrors {
    private FsErrors() {}

    /** Runs an operation on the file system. */
    interface Action<T> {
        T run() throws IOException;
    }

    /** Runs an operation on a store, and translates its failures. */
    static <T> T translating(Operation operation, @Nullable BlobKey key, Path root, Action<T> body) throws IOException {
        try {
            return body.run();
        } catch (BlobStoreException e) {
            throw e;
        } catch (IOException e) {
            throw translate(operation, key, root, e);
        }
    }

    private static BlobStoreException translate(
            Operation operation, @Nullable BlobKey key, Path root, IOException problem) {
        String reason = reason(problem);
        if (reason.contains("Too many open files")) { // first, as loading another class may need a file
            return new BlobStoreException(
                    operation, key, "too many open files; raise the limit, 'ulimit -n'", problem, true);
        }
        if (Interrupts.caused(problem)
                || (problem instanceof ClosedChannelException
                        && Thread.currentThread().isInterrupted())) {
            return new BlobStoreException(operation, key, "interrupted; nothing was changed", problem, false);
        }
        if (!Files.isDirectory(root)) {
            return new StoreNotFoundException(
                    operation,
                    key,
                    Files.exists(root, LinkOption.NOFOLLOW_LINKS)
                            ? "the store " + root + " is not a directory"
                            : "the store's directory " + root + " does not exist; create it, or mount its file system",
                    problem);
        }
        if (problem instanceof AccessDeniedException
                || reason.contains("Permission denied")
                || reason.contains("Operation not permitted")
                || reason.contains("Read-only file system")) {
            return new PermissionDeniedException(
                    operation, key, "no permission for " + place(problem, root) + " (" + reason + ")", problem);
        }
        if (reason.contains("No space left") || reason.contains("quota exceeded") || isFull(root)) {
            return new StorageFullException(
                    operation,
                    key,
                    "no space left in " + describeFileSystem(root) + " (" + reason + "); free some",
                    problem);
        }
        if (reason.contains("File name too long") && key != null) {
            return new InvalidBlobKeyException(operation, key, "its path is longer than the file system allows");
        }
        if (problem instanceof NoSuchFileException) {
            return new BlobStoreException(
                    operation,
                    key,
                    "the store's own file " + place(problem, root) + " has disappeared; does another program delete"
                            + " files in " + root + "?",
                    problem,
                    false);
        }
        return new BlobStoreException(operation, key, place(problem, root) + ": " + reason, problem, false);
    }

    /** Returns whether a component of a file's path is not a directory. */
    static boolean isNotADirectory(FileSystemException problem) {
        return problem instanceof NotDirectoryException || reason(problem).contains("Not a directory");
    }

    /** Returns whether a path does not exist, perhaps no longer. */
    static boolean isMissing(FileSystemException problem) {
        return problem instanceof NoSuchFileException || isNotADirectory(problem);
    }

    /** Describes the file system of a path: {@code the file system of /dir (ext4 on /dev/sda1)}. */
    static String describeFileSystem(Path path) {
        try {
            var store = Files.getFileStore(path);
            return "the file system of " + path + " (" + store.type() + " on " + store.name() + ")";
        } catch (IOException e) {
            return "the file system of " + path;
        }
    }

    private static String reason(IOException problem) {
        String reason =
                problem instanceof FileSystemException fileProblem ? fileProblem.getReason() : problem.getMessage();
        return reason != null ? reason : problem.getClass().getSimpleName();
    }

    private static String place(IOException problem, Path root) {
        return problem instanceof FileSystemException fileProblem && fileProblem.getFile() != null
                ? fileProblem.getFile()
                : root.toString();
    }

    private static boolean isFull(Path root) {
        try {
            return Files.getFileStore(root).getUsableSpace() == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
