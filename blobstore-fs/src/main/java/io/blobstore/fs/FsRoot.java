package io.blobstore.fs;

import io.blobstore.BlobKey;
import io.blobstore.BlobVersion;
import io.blobstore.Operation;
import io.blobstore.StoreNotFoundException;
import io.blobstore.internal.file.AtomicFile;
import io.blobstore.internal.file.ProcessSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A store's root directory: its paths, its directories, and the session to write in. Thread-safe. */
final class FsRoot {
    private final Path path;
    private final Durability durability;
    private final KeyPaths paths;
    private final Directories directories;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private @Nullable ProcessSession session;
    private boolean closed;

    private FsRoot(Path path, KeyPaths paths, Durability durability) {
        this.path = path;
        this.durability = durability;
        this.paths = paths;
        this.directories = new Directories(paths, durability);
    }

    /**
     * Opens a root, and deletes the temporary files of dead processes.
     *
     * @param create whether a missing directory is created, with its parents
     * @throws StoreNotFoundException if the directory is missing, or the path is not a directory
     */
    static FsRoot open(Path directory, boolean create, Durability durability) throws IOException {
        Path absolute = directory.toAbsolutePath();
        if (Files.notExists(absolute, LinkOption.NOFOLLOW_LINKS)) {
            if (!create) {
                throw notFound("the directory " + absolute + " does not exist; create it, or let the store create it,"
                        + " with create=true as in " + absolute.toUri() + "?create=true");
            }
            create(absolute, durability);
        }
        if (!Files.isDirectory(absolute) && Files.exists(absolute, LinkOption.NOFOLLOW_LINKS)) {
            throw notFound("the store " + absolute + " is not a directory; choose a directory, or a new path");
        }
        absolute = absolute.toRealPath();
        ProcessSession.sweep(absolute.resolve(KeyPaths.RESERVED));
        return new FsRoot(absolute, KeyPaths.of(absolute), durability);
    }

    private static StoreNotFoundException notFound(String problem) {
        return new StoreNotFoundException(Operation.OPEN, null, problem, null);
    }

    /** Creates a directory and its missing parents, and makes them durable if the store promises that. */
    private static void create(Path directory, Durability durability) throws IOException {
        Deque<Path> outermostFirst = new ArrayDeque<>();
        for (Path path = directory; path != null && !Files.exists(path); path = path.getParent()) {
            outermostFirst.addFirst(path);
        }
        Files.createDirectories(directory);
        if (durability == Durability.SYNC) {
            for (Path created : outermostFirst) {
                AtomicFile.forceDirectory(KeyPaths.parent(created));
            }
        }
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

    /** Returns the session to write in, which the first call joins. */
    ProcessSession session() throws IOException {
        lock.lock();
        try {
            requireOpen();
            ProcessSession joined = session;
            if (joined == null) {
                requireDirectory(); // creating it again could fill the mount point of an unmounted file system
                joined = ProcessSession.join(path.resolve(KeyPaths.RESERVED));
                session = joined;
            }
            return joined;
        } finally {
            lock.unlock();
        }
    }

    /** Fails, as an operating system call would, if the root has disappeared. */
    void requireDirectory() throws NoSuchFileException {
        if (!Files.isDirectory(path)) {
            throw new NoSuchFileException(path.toString());
        }
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
