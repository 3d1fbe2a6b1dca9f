package io.blobstore.cas.internal;

import io.blobstore.cas.AccessMode;
import io.blobstore.cas.CacheDirectoryException;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.Durability;
import io.blobstore.cas.Keyspace;
import io.blobstore.internal.file.AtomicFile;
import io.blobstore.internal.file.ProcessSession;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The directory of a cache and its state beside it: names, locks, journal, listing. Thread-safe. */
public final class CacheDirectory implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(CacheDirectory.class);

    private final Layout layout;
    private final Path state;
    private final AccessMode mode;
    private final Durability durability;
    private final @Nullable OwnerLock lock;
    private final @Nullable ProcessSession session;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile boolean loading;
    private volatile @Nullable Thread loader;
    private volatile @Nullable Index index;

    private CacheDirectory(
            Layout layout,
            Path state,
            CacheOptions options,
            @Nullable OwnerLock lock,
            @Nullable ProcessSession session) {
        this.layout = layout;
        this.state = state;
        this.mode = options.accessMode();
        this.durability = options.durability();
        this.lock = lock;
        this.session = session;
    }

    /**
     * Creates what is missing, locks the directory, migrates older layouts, and deletes unfinished files.
     *
     * @throws io.blobstore.cas.CacheInUseException if another process has it open, or another cache of this process
     * @throws CacheDirectoryException if the directory cannot be used
     */
    public static CacheDirectory open(Path directory, CacheOptions options) throws IOException {
        boolean readOnly = options.accessMode() == AccessMode.READ_ONLY;
        List<String> foreign = Layout.requireCache(directory);
        if (!foreign.isEmpty()) {
            LOG.warn(
                    "{} contains {} name(s) that are not of a cache, such as {}; they remain as they are, but bazel-remote"
                            + " refuses to start there",
                    directory,
                    foreign.size(),
                    foreign.get(0));
        }
        try {
            if (readOnly) {
                Path real = directory.toRealPath();
                Path state = StateDirectory.of(real, options.stateDirectory());
                return new CacheDirectory(new Layout(real), state, options, null, null);
            }
            Files.createDirectories(directory);
            Path real = directory.toRealPath();
            Path state = StateDirectory.of(real, options.stateDirectory());
            Files.createDirectories(state);
            StateDirectory.requireSameFileSystem(real, state);
            return open(new Layout(real), state, options);
        } catch (NoSuchFileException e) {
            throw new CacheDirectoryException(directory + " does not exist; a read-only cache is not created", e);
        } catch (AccessDeniedException e) {
            throw new CacheDirectoryException(
                    e.getFile() + " cannot be accessed: permission denied; change its permissions, or open the cache "
                            + directory + " read-only",
                    e);
        }
    }

    private static CacheDirectory open(Layout layout, Path state, CacheOptions options) throws IOException {
        boolean shared = options.accessMode() == AccessMode.SHARED;
        OwnerLock lock = OwnerLock.lock(layout.directory(), state, shared);
        try {
            ProcessSession.sweep(state);
            layout.create();
            ProcessSession session = ProcessSession.join(state);
            return new CacheDirectory(layout, state, options, lock, session);
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /** Returns the journal that an index writes to. */
    public IndexLog journal() {
        return new IndexLog() {
            @Override
            public void added(Entry entry) {}

            @Override
            public void removed(Entry entry) {}

            @Override
            public void used(Entry entry) {}
        };
    }

    /** Returns the room that the entries share with those of other processes. */
    public SharedRoom room() {
        return SharedRoom.PRIVATE;
    }

    /** Begins to fill an index with the entries that are there, in the background, in the order of their last use. */
    public void load(Index index) throws IOException {
        this.index = index;
        loading = true;
        Thread thread = new Thread(() -> loadAll(index), "blobstore-cache-load");
        thread.setDaemon(true);
        loader = thread;
        thread.start();
    }

    private record Found(EntryFile file, long size, long lastUse) {}

    private void loadAll(Index index) {
        try {
            List<Found> all = new ArrayList<>();
            for (Keyspace keyspace : Keyspace.values()) {
                for (int shard = 0; shard < Layout.SHARDS; shard++) {
                    List<String> names = Layout.names(layout.shard(keyspace, shard));
                    for (String name : names == null ? List.<String>of() : names) {
                        Optional<EntryFile> file = EntryFile.parse(keyspace, name);
                        if (file.isPresent()) {
                            BasicFileAttributes attributes =
                                    Files.readAttributes(layout.path(file.get()), BasicFileAttributes.class);
                            all.add(new Found(
                                    file.get(),
                                    attributes.size(),
                                    attributes.lastAccessTime().toMillis()));
                        }
                    }
                }
            }
            all.sort(Comparator.comparingLong(Found::lastUse));
            long rank = -all.size();
            for (Found found : all) {
                index.load(found.file, found.size, rank++);
            }
        } catch (IOException | RuntimeException e) {
            LOG.warn("{} was not listed completely", layout.directory(), e);
        } finally {
            loading = false;
        }
    }

    /** Returns whether the listing goes on. */
    public boolean isLoading() {
        return loading;
    }

    /**
     * Looks for the file of a key that the index does not know: one that is not listed yet, or of another process. Adds
     * it to the index. Makes no system call in {@link AccessMode#EXCLUSIVE} mode after the listing.
     */
    public Optional<EntryFile> probe(EntryKey key) throws IOException {
        Index target = index;
        if (target == null || mode == AccessMode.EXCLUSIVE && !loading) {
            return Optional.empty();
        }
        List<String> names = Layout.names(layout.shard(key.keyspace(), Layout.shardOf(key.hash())));
        String hash = key.hash().hex();
        for (String name : names == null ? List.<String>of() : names) {
            Optional<EntryFile> file = name.startsWith(hash) ? EntryFile.parse(key.keyspace(), name) : Optional.empty();
            if (file.isPresent()) {
                try {
                    target.load(file.get(), Files.size(layout.path(file.get())), Long.MAX_VALUE);
                    return file;
                } catch (NoSuchFileException e) {
                    LOG.debug("{} was deleted meanwhile", name, e);
                }
            }
        }
        return Optional.empty();
    }

    /** Returns the path of an entry's file. */
    public Path path(EntryFile file) {
        return layout.path(file);
    }

    /** Returns a new path for a file that is not finished. */
    public Path temporary() {
        return session().newTemporary();
    }

    private ProcessSession session() {
        if (session == null) {
            throw new IllegalStateException("the cache " + layout.directory() + " is open read-only");
        }
        return session;
    }

    /** Returns a file with a new name. */
    public EntryFile newFile(EntryKey key, EntryFile.Format format, long contentSize) {
        boolean inName = format == EntryFile.Format.CASBLOB;
        int random = ThreadLocalRandom.current().nextInt(1_000_000_000);
        String digits = Integer.toString(1_000_000_000 + random).substring(1);
        return new EntryFile(key, format, inName ? contentSize : -1, digits);
    }

    /**
     * Moves a finished file to its place by a rename. With {@link Durability#FULL}, also forces the directory to the
     * device; the content must have been forced before.
     */
    public void publish(Path temporary, EntryFile file) throws IOException {
        Path target = layout.path(file);
        try {
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            throw StateDirectory.differentFileSystems(layout.directory(), state, e);
        } catch (NoSuchFileException e) {
            if (!Files.exists(temporary)) {
                throw e;
            }
            layout.create(); // somebody deleted the directory
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        }
        if (durability == Durability.FULL) {
            AtomicFile.forceDirectory(target.resolveSibling(""));
        }
    }

    /** Deletes the file of an entry, unless it is missing. */
    public void delete(EntryFile file) throws IOException {
        Files.deleteIfExists(layout.path(file));
    }

    /** Returns the directory of the state. */
    public Path stateDirectory() {
        return state;
    }

    /** Releases the directory. Idempotent. */
    @Override
    public void close() throws IOException {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        Thread running = loader;
        if (running != null) {
            running.interrupt();
            try {
                running.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        try {
            if (session != null) {
                session.leave();
            }
        } finally {
            if (lock != null) {
                lock.close();
            }
        }
    }
}
