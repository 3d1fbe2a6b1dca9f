package io.blobstore.directory;

import io.blobstore.BlobKey;
import io.blobstore.internal.file.AtomicFile;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.text.Normalizer;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A directory that keys are mapped into, so that each key has a file of its own, and none is outside.
 *
 * <p>Keys that cannot be such paths are refused by their text. Of the others, each existing component is compared with
 * its real path just before a file is written: symbolic links are refused, and so are names that the file system takes
 * for others, such as {@code A} for {@code a}. This does not protect against a program that replaces directories by
 * links meanwhile.
 *
 * <p>Thread-safe.
 */
final class TargetDirectory {
    private final Path root;
    private final RealPath realPath;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition released = lock.newCondition();
    /** The paths that are being written, so that names that may be the same are written one after the other. */
    private final Set<String> claimed = new HashSet<>();

    /** Resolves symbolic links, and returns names as the file system has stored them. */
    @FunctionalInterface
    interface RealPath {
        Path of(Path path) throws IOException;
    }

    /** @param root a directory that exists */
    TargetDirectory(Path root) throws IOException {
        this(root, Path::toRealPath);
    }

    TargetDirectory(Path root, RealPath realPath) throws IOException {
        this.root = root.toRealPath();
        this.realPath = realPath;
    }

    /** The exclusive use of a path, to be closed. */
    final class Claim implements AutoCloseable {
        private final String folded;
        private final Path file;

        private Claim(String folded, Path file) {
            this.folded = folded;
            this.file = file;
        }

        /** Returns the file, whose directory exists. */
        Path file() {
            return file;
        }

        @Override
        public void close() {
            lock.lock();
            try {
                claimed.remove(folded);
                released.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * Creates the directories of a file, and claims it. Waits for files whose names may be the same.
     *
     * @param key the key, for messages
     * @param path the path that the key has in this directory
     * @throws UnsafeKeyException if the path is not one of a file of its own in this directory
     */
    Claim claim(BlobKey key, String path) throws IOException, InterruptedException {
        Path file = resolve(key, path);
        String folded = fold(path);
        lock.lockInterruptibly();
        try {
            while (!claimed.add(folded)) {
                released.await();
            }
        } finally {
            lock.unlock();
        }
        Claim claim = new Claim(folded, file);
        try {
            createParent(key, file);
            requireOwnFile(key, file);
            return claim;
        } catch (IOException | RuntimeException e) {
            claim.close();
            throw e;
        }
    }

    /** Deletes a file that a walk of this directory has found. */
    void delete(BlobKey key, String path) throws IOException {
        Path file = resolve(key, path);
        Path parent = parentOf(file);
        if (!realPath.of(parent).equals(parent)) {
            throw new UnsafeKeyException(key, "'" + parent + "' was replaced by a symbolic link");
        }
        Files.deleteIfExists(file);
    }

    /** Returns the path of a key's file, judged by its text. */
    Path resolve(BlobKey key, String path) throws UnsafeKeyException {
        Path file = root;
        for (String name : path.split("/", -1)) {
            file = file.resolve(requireName(key, name));
        }
        if (AtomicFile.isReservedName(file.getFileName().toString())) {
            throw new UnsafeKeyException(key, "such names are kept for temporary files");
        }
        return file;
    }

    private Path requireName(BlobKey key, String name) throws UnsafeKeyException {
        if (name.isEmpty()) {
            throw new UnsafeKeyException(
                    key, "it has an empty name before, after or between '/', which no file can have");
        }
        if (name.equals(".") || name.equals("..")) {
            throw new UnsafeKeyException(key, "'" + name + "' in it would lead to another directory");
        }
        try {
            Path single = root.getFileSystem().getPath(name);
            if (single.isAbsolute()
                    || single.getRoot() != null
                    || single.getNameCount() != 1
                    || !single.toString().equals(name)) {
                throw new UnsafeKeyException(key, "'" + name + "' is not the name of one file here");
            }
            return single;
        } catch (InvalidPathException e) {
            throw new UnsafeKeyException(key, "a file cannot have this name here: " + e.getReason());
        }
    }

    private void createParent(BlobKey key, Path file) throws IOException {
        Path parent = parentOf(file);
        try {
            if (realPath.of(parent).equals(parent) && Files.isDirectory(parent, LinkOption.NOFOLLOW_LINKS)) {
                return;
            }
        } catch (NoSuchFileException e) {
            // created below
        } catch (IOException e) {
            if (Files.exists(parent)) {
                throw e;
            } // else a component is a file, which is reported below
        }
        Path directory = root;
        for (Path name : root.relativize(parent)) {
            directory = directory.resolve(name);
            try {
                Files.createDirectory(directory);
            } catch (FileAlreadyExistsException e) {
                requireDirectory(key, directory);
            }
            requireOwnName(key, directory);
        }
    }

    private static void requireDirectory(BlobKey key, Path directory) throws IOException {
        BasicFileAttributes found =
                Files.readAttributes(directory, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (found.isSymbolicLink()) {
            throw link(key, directory);
        }
        if (!found.isDirectory()) {
            throw new UnsafeKeyException(
                    key, "it needs a directory '" + directory + "', which is a file; move or delete that");
        }
    }

    private void requireOwnFile(BlobKey key, Path file) throws IOException {
        BasicFileAttributes found;
        try {
            found = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return;
        }
        if (found.isSymbolicLink()) {
            throw link(key, file);
        }
        if (found.isDirectory()) {
            throw new UnsafeKeyException(
                    key, "its file '" + file + "' is a directory, and no path can be both; move or delete that");
        }
        requireOwnName(key, file);
    }

    private void requireOwnName(BlobKey key, Path path) throws IOException {
        Path real = realPath.of(path);
        if (!real.equals(path)) {
            throw new UnsafeKeyException(
                    key,
                    "this file system takes its name for that of '" + real
                            + "', which would be replaced; download it into another directory");
        }
    }

    private static UnsafeKeyException link(BlobKey key, Path path) {
        return new UnsafeKeyException(
                key, "'" + path + "' is a symbolic link, which a download does not follow; move or delete the link");
    }

    private Path parentOf(Path file) {
        Path parent = file.getParent();
        return parent == null ? root : parent;
    }

    /** Returns the same text for all names that a file system may take for each other. */
    private static String fold(String path) {
        return Normalizer.normalize(path, Normalizer.Form.NFKC)
                .toUpperCase(Locale.ROOT)
                .toLowerCase(Locale.ROOT);
    }
}
