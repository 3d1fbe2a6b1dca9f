package io.blobstore.split.repository;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Operation;
import io.blobstore.StoreNotFoundException;
import io.blobstore.internal.file.AtomicFile;
import io.blobstore.internal.file.ProcessSession;
import io.blobstore.spi.ByteRanges;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/**
 * A repository on disk as composefs-rs keeps it: {@code meta.json}, objects as files, names as symbolic links. Its
 * {@code cfsctl} reads, checks and collects what is written here, and the other way round, for repositories without
 * fs-verity ({@code --insecure}).
 *
 * <p>Objects appear by a hard link, which never replaces one; temporary files are in {@code .blobstore}. With
 * {@link Durability#SYNC}, a stream's objects are on the device before its name appears.
 *
 * <p><b>Locks.</b> Writers hold a shared lock, the garbage collection an exclusive one. With {@link Locking#COMPOSEFS}
 * it is the one that {@code cfsctl} takes, which needs Linux and JDK 22 or later (and {@code --enable-native-access}
 * where the JDK demands it). With {@link Locking#JAVA_ONLY}, {@code cfsctl gc} must not run while something is written
 * here, nor may processes that use the other kind of lock.
 *
 * <p>Thread-safe.
 */
public final class ComposefsDirectory implements ObjectStore {
    /** The directory of locks and temporary files, below the root; composefs ignores it. */
    static final String OWN_DIRECTORY = ".blobstore";

    /** How long a writer waits for a garbage collection. */
    private static final Duration WRITER_WAIT = Duration.ofMinutes(5);

    /** How many objects are read or written at the same time, at least: some wait for the device. */
    private static final int MIN_CONCURRENCY = 2;

    private static final Set<StandardOpenOption> NEW_FILE =
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);

    /** Who takes part in the locks. */
    public enum Locking {
        /** This library and composefs. */
        COMPOSEFS,
        /** This library only. */
        JAVA_ONLY
    }

    /** What survives a failure of the system. */
    public enum Durability {
        /** Nothing in particular, as with {@code cp}. */
        NONE,
        /** A stream whose name has appeared. */
        SYNC
    }

    private final Path root;
    private final ObjectHash hash;
    private final Locking locking;
    private final Durability durability;
    private final ProcessSession session;
    private final AtomicBoolean closed = new AtomicBoolean();

    private ComposefsDirectory(Path root, ObjectHash hash, Locking locking, Durability durability) throws IOException {
        this.root = root;
        this.hash = hash;
        this.locking = locking;
        this.durability = durability;
        Path own = root.resolve(OWN_DIRECTORY);
        ProcessSession.sweep(own);
        this.session = ProcessSession.join(own);
    }

    /** Returns whether {@link Locking#COMPOSEFS} is possible with this JDK and system. */
    public static boolean supportsComposefsLocks() {
        return NativeFiles.get().isPresent();
    }

    /**
     * Creates an empty repository.
     *
     * @throws FileAlreadyExistsException if there is a repository already
     */
    public static void create(Path root, ObjectHash hash) throws IOException {
        RepositoryMeta.create(root, hash);
    }

    /** Opens a repository with composefs's locks; see {@link #open(Path, Locking, Durability)}. */
    public static ComposefsDirectory open(Path root) throws IOException {
        Objects.requireNonNull(root, "root");
        return open(root, Locking.COMPOSEFS, Durability.NONE);
    }

    /**
     * Opens a repository, to be closed by the caller. Deletes temporary files of processes that have died.
     *
     * @throws StoreNotFoundException if there is none
     * @throws BlobStoreException if it has features that are not known here, or the locks are not supported
     */
    public static ComposefsDirectory open(Path root, Locking locking, Durability durability) throws IOException {
        Objects.requireNonNull(root, "root");
        Objects.requireNonNull(locking, "locking");
        Objects.requireNonNull(durability, "durability");
        Path real = realPath(root);
        ObjectHash hash = RepositoryMeta.read(real);
        if (locking == Locking.COMPOSEFS && !supportsComposefsLocks()) {
            throw new BlobStoreException(
                    Operation.OPEN,
                    null,
                    "the locks of composefs need Linux and JDK 22 or later; open " + root
                            + " with JAVA_ONLY locks if no cfsctl gc runs meanwhile",
                    null,
                    false);
        }
        return new ComposefsDirectory(real, hash, locking, durability);
    }

    private static Path realPath(Path root) throws IOException {
        try {
            return root.toRealPath();
        } catch (NoSuchFileException e) {
            throw RepositoryMeta.notFound(root, "the directory does not exist");
        }
    }

    @Override
    public ObjectHash hash() {
        return hash;
    }

    @Override
    public int concurrency() {
        return Math.max(MIN_CONCURRENCY, Runtime.getRuntime().availableProcessors());
    }

    private Path path(String name) {
        if (closed.get()) {
            throw new IllegalStateException("the repository " + root + " is closed");
        }
        return root.resolve(name);
    }

    private Path path(ObjectId id) {
        return path(RepositoryPaths.object(id));
    }

    // ---- objects

    @Override
    public Optional<StoredObject> find(ObjectId id) throws IOException {
        try {
            BasicFileAttributes found =
                    Files.readAttributes(path(id), BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return Optional.of(stored(id, found));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** Describes a file; what is no regular file has the size -1, which no content has. */
    private static StoredObject stored(ObjectId id, BasicFileAttributes file) {
        return new StoredObject(
                id,
                file.isRegularFile() ? file.size() : -1,
                file.lastModifiedTime().toInstant());
    }

    @Override
    public boolean put(ObjectId id, BlobSource content, boolean replace) throws IOException {
        Path target = path(id);
        Path temporary = session.newTemporary();
        try {
            write(temporary, content);
            try {
                publish(temporary, target, replace);
            } catch (NoSuchFileException e) {
                Files.createDirectories(target.resolveSibling(""));
                publish(temporary, target, replace);
            }
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        } catch (BlobStoreException e) {
            throw e;
        } catch (IOException e) {
            throw RepositoryErrors.translate(Operation.STORE, root, e);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private void write(Path temporary, BlobSource content) throws IOException {
        try (FileChannel channel = FileChannel.open(temporary, NEW_FILE)) {
            content.forEachBuffer(AtomicFile.MAX_WRITE, buffer -> {
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
            });
            if (durability == Durability.SYNC && !supportsComposefsLocks()) {
                channel.force(true);
            }
        }
    }

    private static void publish(Path temporary, Path target, boolean replace) throws IOException {
        if (replace) {
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        } else {
            Files.createLink(target, temporary);
        }
    }

    @Override
    public void read(ObjectId id, ByteRange range, BlobTarget.Window target) throws IOException {
        try (FileChannel channel = FileChannel.open(path(id), StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            long size = channel.size();
            ByteRange exact =
                    ByteRanges.resolve(range, BlobKey.of(RepositoryPaths.object(id)), size, target.remaining());
            channel.position(exact.offset());
            for (long left = exact.length(); left > 0; ) {
                ByteBuffer buffer = target.buffer();
                int limit = buffer.limit();
                buffer.limit((int) Math.min(limit, buffer.position() + left));
                int bytes = channel.read(buffer);
                buffer.limit(limit);
                if (bytes < 0) {
                    throw new DamagedObjectException(id, "it was truncated while it was read");
                }
                left -= bytes;
            }
            target.flush();
        } catch (NoSuchFileException e) {
            throw new MissingObjectException(id, e);
        } catch (BlobStoreException e) {
            throw e;
        } catch (IOException e) {
            throw RepositoryErrors.translate(Operation.READ, root, e);
        }
    }

    @Override
    public void forEachObject(ObjectVisitor visitor) throws IOException {
        Path objects = path("objects");
        for (Path directory : children(objects)) {
            if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
                visitor.foreign(name(directory));
                continue;
            }
            for (Path file : children(directory)) {
                Optional<ObjectId> id = RepositoryPaths.objectAt(hash, name(file));
                BasicFileAttributes attributes;
                try {
                    attributes = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
                } catch (NoSuchFileException e) {
                    continue; // deleted meanwhile
                }
                if (id.isPresent() && attributes.isRegularFile()) {
                    visitor.object(stored(id.get(), attributes));
                } else {
                    visitor.foreign(name(file));
                }
            }
        }
    }

    private static List<Path> children(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        } catch (NoSuchFileException | NotDirectoryException e) {
            return List.of();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private String name(Path path) {
        return root.relativize(path).toString();
    }

    // ---- links

    @Override
    public Optional<String> link(String name) throws IOException {
        try {
            String text = Files.readSymbolicLink(path(name)).toString();
            return Optional.of(RepositoryPaths.resolve(name, text));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (NotLinkException e) {
            throw new DamagedLinkException(name, "is no symbolic link", e);
        }
    }

    @Override
    public void setLink(String name, String target) throws IOException {
        Path link = path(name);
        Path temporary = session.newTemporary();
        try {
            Files.createDirectories(link.resolveSibling(""));
            Files.createSymbolicLink(temporary, Path.of(RepositoryPaths.text(name, target)));
            Files.move(temporary, link, StandardCopyOption.ATOMIC_MOVE);
            if (durability == Durability.SYNC) {
                AtomicFile.forceDirectory(link.resolveSibling(""));
            }
        } catch (IOException e) {
            throw RepositoryErrors.translate(Operation.STORE, root, e);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    @Override
    public void deleteLink(String name) throws IOException {
        Files.deleteIfExists(path(name));
    }

    @Override
    public List<String> links(String prefix) throws IOException {
        List<String> names = new ArrayList<>();
        collect(path(prefix), names);
        return names;
    }

    private void collect(Path directory, List<String> names) throws IOException {
        for (Path child : children(directory)) {
            if (Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
                collect(child, names);
            } else {
                names.add(name(child));
            }
        }
    }

    // ---- writers and the garbage collection

    @Override
    public Session beginSession(UUID id) throws IOException {
        DirectoryLock lock = lock(false, WRITER_WAIT);
        return new Session() {
            @Override
            public boolean protects(StoredObject found) {
                return true; // the lock does
            }

            @Override
            public boolean settle() {
                return true; // no collection has run
            }

            @Override
            public void keepAlive() {
                // the kernel knows
            }

            @Override
            public void sync() throws IOException {
                ComposefsDirectory.this.sync();
            }

            @Override
            public void close() throws IOException {
                lock.close();
            }
        };
    }

    private void sync() throws IOException {
        Optional<NativeFiles> files = NativeFiles.get();
        if (durability == Durability.SYNC && files.isPresent()) {
            int descriptor = files.get().openDirectory(root);
            try {
                files.get().syncFileSystem(descriptor);
            } finally {
                files.get().close(descriptor);
            }
        }
    }

    private DirectoryLock lock(boolean exclusive, Duration wait) throws IOException {
        path(""); // fails if closed
        return DirectoryLock.acquire(root, exclusive, locking == Locking.COMPOSEFS, wait);
    }

    /** Begins a collection. The age of objects does not matter: no writer runs meanwhile. */
    @Override
    public Sweep beginSweep(Duration wait, Duration grace) throws IOException {
        DirectoryLock lock = lock(true, wait);
        return new Sweep() {
            @Override
            public boolean mayDelete(StoredObject unreferenced) {
                return true;
            }

            @Override
            public void announce() {
                // no writer runs
            }

            @Override
            public boolean isAnnounced() {
                return true;
            }

            @Override
            public Collection<StoredObject> delete(Collection<StoredObject> objects) throws IOException {
                for (StoredObject object : objects) {
                    Files.deleteIfExists(path(object.id()));
                }
                return objects; // no writer runs that could have stored one again
            }

            @Override
            public void remember(Collection<StoredObject> unreferenced) {
                // nothing is left for another time
            }

            @Override
            public void close() throws IOException {
                lock.close();
            }
        };
    }

    /** Ends the use of the directory by this object, and deletes its temporary files. Idempotent. */
    @Override
    public void close() throws IOException {
        if (!closed.getAndSet(true)) {
            session.leave();
        }
    }

    @Override
    public String toString() {
        return "ComposefsDirectory[" + root + ", " + hash.label() + "]";
    }
}
