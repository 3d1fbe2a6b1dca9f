package io.blobstore.cas.internal;

import io.blobstore.cas.AccessMode;
import io.blobstore.cas.CacheDirectoryException;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.Durability;
import io.blobstore.cas.Keyspace;
import io.blobstore.internal.file.ProcessSession;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory of a cache, in bazel-remote's layout, and its state beside it: lock, journal, unfinished files.
 *
 * <pre>
 * directory/cas.v2/xx/NAME    entries; likewise ac.v2 and raw.v2
 * state/lock                  locked while the cache is open
 * state/owner                 the number of the process that has it locked for itself
 * state/journal/              see {@link JournalFiles}
 * state/tmp/SESSION/N         unfinished files, see {@link ProcessSession}
 * </pre>
 *
 * <p>Thread-safe.
 */
public final class CacheDirectory implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(CacheDirectory.class);

    private static final IndexLog NO_LOG = new IndexLog() {
        @Override
        public void added(Entry entry) {}

        @Override
        public void removed(Entry entry) {}

        @Override
        public void used(Entry entry) {}
    };

    private final Layout layout;
    private final Path state;
    private final AccessMode mode;
    private final Durability durability;
    /** Null in a read-only cache. */
    private final @Nullable WriterState writer;

    private final AtomicBoolean closed = new AtomicBoolean();

    /** Files that were put since the listing began: {@link Index#commit} adds them. */
    private final Set<EntryFile> publishedMeanwhile = ConcurrentHashMap.newKeySet();

    /** Directories that are on the device. */
    private final Set<Path> forced = ConcurrentHashMap.newKeySet();

    private volatile boolean loading;
    private volatile @Nullable Probe probe;
    private volatile @Nullable Loading started;

    /** The listing in the background. */
    private record Loading(Loader loader, Thread thread) {}

    private CacheDirectory(Layout layout, Path state, CacheOptions options, @Nullable WriterState writer) {
        this.layout = layout;
        this.state = state;
        this.mode = options.accessMode();
        this.durability = options.durability();
        this.writer = writer;
    }

    /**
     * Creates what is missing, locks the directory, migrates older layouts, and deletes unfinished files. A read-only
     * cache writes nothing, and takes no lock.
     *
     * @throws io.blobstore.cas.CacheInUseException if another process has it open, or another cache of this process
     * @throws CacheDirectoryException if the directory cannot be used
     */
    public static CacheDirectory open(Path directory, CacheOptions options) throws IOException {
        List<String> foreign = Layout.requireCache(directory);
        if (!foreign.isEmpty()) {
            LOG.warn(
                    "{} contains {} name(s) that are not of a cache, such as '{}'; they remain as they are, but"
                            + " bazel-remote refuses to start there",
                    directory,
                    foreign.size(),
                    foreign.get(0));
        }
        try {
            if (options.accessMode() == AccessMode.READ_ONLY) {
                Path real = directory.toRealPath();
                Path state = StateDirectory.of(real, options.stateDirectory());
                return new CacheDirectory(new Layout(real), state, options, null);
            }
            Files.createDirectories(directory);
            Path real = directory.toRealPath();
            Path state = StateDirectory.of(real, options.stateDirectory());
            Files.createDirectories(state);
            StateDirectory.requireSameFileSystem(real, state);
            Layout layout = new Layout(real);
            return new CacheDirectory(layout, state, options, WriterState.open(layout, state, options));
        } catch (CacheDirectoryException e) {
            throw e;
        } catch (NoSuchFileException e) {
            throw new CacheDirectoryException(
                    e.getFile() + " does not exist, and a read-only cache is not created; check the path", e);
        } catch (AccessDeniedException e) {
            throw new CacheDirectoryException(
                    "Permission denied for " + e.getFile() + ": change its permissions, or open the cache " + directory
                            + " read-only",
                    e);
        } catch (FileSystemException e) {
            throw new CacheDirectoryException(
                    "The cache " + directory + " cannot be opened: " + e.getMessage()
                            + "; if its file system is read-only, open the cache read-only",
                    e);
        }
    }

    /** Returns the journal that an index writes to. */
    public IndexLog journal() {
        return writer == null ? NO_LOG : writer.log();
    }

    /** Returns what else bounds the index: other processes, or that the directory is not listed yet. */
    public SharedRoom room() {
        return writer == null ? SharedRoom.PRIVATE : writer.room();
    }

    /**
     * Begins to fill an index with the entries that are there, in the background, in the order of their last use.
     *
     * @throws IllegalStateException if it was called before
     */
    public void load(Index index) throws IOException {
        if (started != null) {
            throw new IllegalStateException("the directory is loaded once");
        }
        JournalFiles.Content recorded;
        long journalWritten;
        if (writer != null) {
            recorded = writer.takeRecorded();
            journalWritten = writer.journalWritten();
        } else {
            JournalFiles files = WriterState.journalFiles(state);
            journalWritten = Long.MIN_VALUE; // nothing is evicted, so the order does not matter
            recorded = files.readIfPermitted();
        }
        Loader loader = new Loader(
                layout, recorded.state(), journalWritten, publishedMeanwhile::contains, mode == AccessMode.EXCLUSIVE);
        loading = true;
        probe = new Probe(layout, index, System::currentTimeMillis);
        Thread thread = new Thread(() -> load(index, loader, recorded), "blobstore-cache-load");
        thread.setDaemon(true);
        started = new Loading(loader, thread);
        thread.start();
    }

    private void load(Index index, Loader loader, JournalFiles.Content recorded) {
        boolean complete = false;
        try {
            index.beginLoading();
            complete = loader.load(index);
            index.endLoading();
        } catch (IllegalStateException e) {
            LOG.debug("{} was closed while it was listed", layout.directory(), e);
        } catch (RuntimeException e) {
            LOG.warn("{} was not listed completely; what is missing is found by the next start", layout.directory(), e);
        } finally {
            loading = false;
            publishedMeanwhile.clear();
            if (writer != null) {
                writer.loaded(index, complete ? loader : null, recorded);
            }
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
        Probe target = probe;
        if (target == null || (mode == AccessMode.EXCLUSIVE && !loading)) {
            return Optional.empty();
        }
        return target.find(key, loading);
    }

    /** Returns the path of an entry's file. */
    public Path path(EntryFile file) {
        return layout.path(file);
    }

    /**
     * Returns a new path for a file that is not finished. Creates nothing.
     *
     * @throws IllegalStateException in a read-only cache
     */
    public Path temporary() {
        return writer().session().newTemporary();
    }

    private WriterState writer() {
        if (writer == null) {
            throw new IllegalStateException("the cache " + layout.directory() + " is open read-only");
        }
        return writer;
    }

    /** Returns a file with a new name, which is valid for bazel-remote as well. */
    public EntryFile newFile(EntryKey key, EntryFile.Format format, long contentSize) {
        boolean inName = format == EntryFile.Format.CASBLOB;
        int random = ThreadLocalRandom.current().nextInt(1_000_000_000);
        String digits = Integer.toString(1_000_000_000 + random).substring(1);
        return new EntryFile(key, format, inName ? contentSize : -1, digits);
    }

    /**
     * Moves a finished file to its place by a rename. With {@link Durability#FULL}, also forces the directory to the
     * device; the content must have been forced before.
     *
     * @throws IllegalStateException in a read-only cache
     */
    public void publish(Path temporary, EntryFile file) throws IOException {
        publish(temporary, file, EntryFiles.SYSTEM);
    }

    /** As {@link #publish(Path, EntryFile)}, with given operations on directories. */
    void publish(Path temporary, EntryFile file, EntryFiles files) throws IOException {
        WriterState writing = writer();
        if (file.key().keyspace() != Keyspace.CAS) {
            // Two records of a key cannot be told apart by their content, should this process be killed meanwhile.
            writing.journal().announce(file, Files.size(temporary));
        }
        if (loading) {
            publishedMeanwhile.add(file);
        }
        try {
            layout.move(temporary, file);
        } catch (AtomicMoveNotSupportedException e) {
            throw StateDirectory.differentFileSystems(layout.directory(), state, e);
        }
        if (durability == Durability.FULL) {
            Path shard = layout.path(file).resolveSibling("");
            files.forceDirectory(shard);
            forceOnce(shard, files);
        }
    }

    /**
     * Forces the entry of a directory to the device, which may be as new as the file in it, and so do those of the
     * directories that contain it, up to the one of the cache.
     */
    private void forceOnce(Path created, EntryFiles files) throws IOException {
        Path root = layout.directory().toAbsolutePath();
        for (Path path = created.toAbsolutePath(); path != null && path.startsWith(root); path = path.getParent()) {
            if (forced.contains(path)) {
                return;
            }
            Path parent = path.getParent();
            if (parent != null) {
                files.forceDirectory(parent);
            }
        }
        for (Path path = created.toAbsolutePath(); path != null && path.startsWith(root); path = path.getParent()) {
            forced.add(path);
        }
    }

    /** Deletes the file of an entry, unless it is missing. Does nothing in a read-only cache. */
    public void delete(EntryFile file) throws IOException {
        if (writer != null) {
            writer.delete(layout.path(file));
        }
    }

    /** Returns the directory of the state. It may be missing if the cache is read-only. */
    public Path stateDirectory() {
        return state;
    }

    /**
     * Writes the journal, sets the times of access of what was used, and releases the lock. The index must have been
     * closed before. Idempotent. An interrupt is kept, and ends nothing.
     */
    @Override
    public void close() throws IOException {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        Loading background = started;
        if (background != null) {
            background.loader().cancel();
            Threads.join(background.thread());
        }
        if (writer != null) {
            writer.close();
        }
    }
}
