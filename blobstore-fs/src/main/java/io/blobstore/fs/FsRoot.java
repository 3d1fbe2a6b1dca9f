package io.blobstore.fs;

import io.blobstore.BlobKey;
import io.blobstore.BlobVersion;
import io.blobstore.Operation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The root directory as one open store sees it, and the parts that serve it. */
final class FsRoot {
    private final Path path;
    private final boolean existedAtOpen;
    private final Durability durability;
    private final KeyPaths paths;
    private final Directories directories;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private @Nullable RootSession session;
    private boolean closed;

    private FsRoot(Path path, boolean existedAtOpen, KeyPaths paths, Durability durability) {
        this.path = path;
        this.existedAtOpen = existedAtOpen;
        this.durability = durability;
        this.paths = paths;
        this.directories = new Directories(paths, durability);
    }

    /** Opens a root. Makes nothing; sweeps what dead processes left. */
    static FsRoot open(Path directory, Durability durability) throws IOException {
        Path absolute = directory.toAbsolutePath();
        boolean exists = Files.exists(absolute);
        if (exists) {
            absolute = absolute.toRealPath();
            RootSession.sweep(absolute);
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

    /** The version that a key holds now. */
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
     * The session to write in. The first call makes the root directory, if it was missing when the store was opened.
     */
    RootSession session() throws IOException {
        lock.lock();
        try {
            requireOpen();
            RootSession joined = session;
            if (joined == null) {
                makeRoot();
                joined = RootSession.join(path);
                session = joined;
            }
            return joined;
        } finally {
            lock.unlock();
        }
    }

    /** Fails, as an operating system call would, if the root is not there (yet, or any more). */
    void requireDirectory() throws NoSuchFileException {
        if (!Files.isDirectory(path)) {
            throw new NoSuchFileException(path.toString());
        }
    }

    private void makeRoot() throws IOException {
        if (Files.isDirectory(path)) {
            return;
        }
        if (existedAtOpen) {
            // It went away. Making it anew could fill the mount point of a file system that was unmounted.
            throw new NoSuchFileException(path.toString());
        }
        Files.createDirectory(path);
        directories.sync(KeyPaths.parent(path));
    }

    /** Refuses calls after {@link #close()}. */
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

    /**
     * Leaves the session.
     *
     * @return false if it was closed already
     */
    boolean close() throws IOException {
        lock.lock();
        try {
            if (closed) {
                return false;
            }
            closed = true;
            if (session != null) {
                session.leave();
            }
            return true;
        } finally {
            lock.unlock();
        }
    }
}
