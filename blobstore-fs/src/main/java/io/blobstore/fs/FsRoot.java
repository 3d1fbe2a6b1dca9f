package io.blobstore.fs;

import io.blobstore.BlobKey;
import io.blobstore.BlobVersion;
import io.blobstore.Operation;
import io.blobstore.internal.file.ProcessSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A store's root directory: its paths, its directories, and the session to write in. Thread-safe. */
final class FsRoot {
    private final Path path;
    private final boolean existedAtOpen;
    private final Durability durability;
    private final KeyPaths paths;
    private final Directories directories;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private @Nullable ProcessSession session;
    private boolean closed;

    private FsRoot(Path path, boolean existedAtOpen, KeyPaths paths, Durability durability) {
        this.path = path;
        this.existedAtOpen = existedAtOpen;
        this.durability = durability;
        this.paths = paths;
        this.directories = new Directories(paths, durability);
    }

    /** Opens a root. Creates nothing; deletes the temporary files of dead processes. */
    static FsRoot open(Path directory, Durability durability) throws IOException {
        Path absolute = directory.toAbsolutePath();
        boolean exists = Files.exists(absolute);
        if (exists) {
            absolute = absolute.toRealPath();
            ProcessSession.sweep(absolute.resolve(KeyPaths.RESERVED));
        } else {
            absolute = absolute.normalize();
            Path parent = absolute.getParent();
            if (parent != null && Files.isDirectory(parent)) {
                absolute = parent.toRealPath().resolve(absolute.getFileName());
            }
        }
        return new FsRoot(absolute, exists, KeyPaths.of(absolute), durability);
    }

    Path path() {
        return path;
    }

    Durability durability() {
        return durability;
    }

    KeyPaths paths() {
        return paths;
    }

    Directories directories() {
        return directories;
    }

    /** Returns the version of the key's current blob; empty if the key has none. */
    Optional<BlobVersion> version(Operation operation, BlobKey key, Path file) throws IOException {
        Optional<BlobFile> blob = BlobFile.open(paths, operation, key, file);
        if (blob.isEmpty()) {
            return Optional.empty();
        }
        try (BlobFile open = blob.get()) {
            return Optional.of(open.version());
        }
    }

    /**
     * Returns the session to write in. The first call creates the root directory, if it was missing when the store was
     * opened.
     */
    ProcessSession session() throws IOException {
        lock.lock();
        try {
            requireOpen();
            ProcessSession joined = session;
            if (joined == null) {
                createRoot();
                joined = ProcessSession.join(path.resolve(KeyPaths.RESERVED));
                session = joined;
            }
            return joined;
        } finally {
            lock.unlock();
        }
    }

    /** Fails, as an operating system call would, if the root is missing (still, or again). */
    void requireDirectory() throws NoSuchFileException {
        if (!Files.isDirectory(path)) {
            throw new NoSuchFileException(path.toString());
        }
    }

    private void createRoot() throws IOException {
        if (Files.isDirectory(path)) {
            return;
        }
        if (existedAtOpen) {
            // It disappeared. Creating it again could fill the mount point of a file system that was unmounted.
            throw new NoSuchFileException(path.toString());
        }
        Files.createDirectory(path);
        directories.sync(KeyPaths.parent(path));
    }

    /**
     * Checks that the store is open.
     *
     * @throws IllegalStateException after {@link #close()}
     */
    void requireOpen() {
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("this store is closed: " + path);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Leaves the session. Idempotent. */
    void close() throws IOException {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            if (session != null) {
                session.leave();
            }
        } finally {
            lock.unlock();
        }
    }
}
