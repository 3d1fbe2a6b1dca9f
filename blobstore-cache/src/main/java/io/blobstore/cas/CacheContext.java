package io.blobstore.cas;

import io.blobstore.cas.internal.CacheDirectory;
import io.blobstore.cas.internal.CasblobWriter;
import io.blobstore.cas.internal.Entry;
import io.blobstore.cas.internal.EntryFile;
import io.blobstore.cas.internal.EntryFiles;
import io.blobstore.cas.internal.EntryKey;
import io.blobstore.cas.internal.EntryReader;
import io.blobstore.cas.internal.EntryWriter;
import io.blobstore.cas.internal.Index;
import io.blobstore.cas.internal.PlainWriter;
import io.blobstore.cas.internal.ReadSupport;
import io.blobstore.cas.internal.TemporaryEntry;
import io.blobstore.cas.internal.UseCount;
import io.blobstore.zstd.internal.FrameDecoder;
import io.blobstore.zstd.internal.FrameFormatException;
import io.blobstore.zstd.internal.IdleObjects;
import io.blobstore.zstd.internal.SharedEncoders;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the operations of an open cache share, until the last of them ends after it was closed. Thread-safe. */
final class CacheContext {
    private static final Logger LOG = LoggerFactory.getLogger(ContentCache.class);
    private static final int MAX_IDLE = 64;
    /** As many compressed frames of all writers are in memory, besides one of each, and two for each thread. */
    private static final int SPARE_BUFFERS = 4;

    private static final long IDLE_SECONDS = 10;

    /** Something of the cache that its user closes; if not, closing the cache does. */
    interface Handle {
        /** Closes it, though the cache is closed. Idempotent. */
        void abandon();
    }

    /** An entry that is in use, and its open file. */
    record OpenEntry(Entry entry, EntryReader reader) {}

    final CacheDirectory directory;
    final Index index;
    final CacheOptions options;
    final CacheListener listener;

    private final EntryFiles files;
    final IdleObjects<FrameDecoder> decoders = new IdleObjects<>(FrameDecoder::new, FrameDecoder::close, MAX_IDLE);
    final SharedEncoders encoders;
    private final ExecutorService workers;
    private final ReadSupport reading;

    private final CountDownLatch unused = new CountDownLatch(1);
    private final UseCount uses = new UseCount(unused::countDown);
    private final Set<Handle> handles = ConcurrentHashMap.newKeySet();

    final LongAdder hits = new LongAdder();
    final LongAdder misses = new LongAdder();
    final LongAdder corrupt = new LongAdder();

    CacheContext(CacheDirectory directory, Index index, CacheOptions options, EntryFiles files) {
        this.directory = directory;
        this.index = index;
        this.options = options;
        this.listener = options.listener();
        this.files = files;
        int threads = options.compressionThreads();
        this.workers = workers(threads);
        this.encoders = new SharedEncoders(CasblobWriter.LEVEL, true, MAX_IDLE, 2 * threads + SPARE_BUFFERS);
        boolean ownFiles = options.accessMode() != AccessMode.READ_ONLY;
        this.reading = new ReadSupport(files, decoders, workers, threads - 1, ownFiles);
    }

    private static ExecutorService workers(int threads) {
        AtomicInteger number = new AtomicInteger();
        ThreadPoolExecutor executor = new ThreadPoolExecutor(
                threads, threads, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, "blobstore-cache-worker-" + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }

    // ---- lifetime

    /**
     * Begins an operation, to be ended by {@link #leave}.
     *
     * @throws IllegalStateException if the cache is closed
     */
    void enter() {
        if (!uses.tryEnter()) {
            throw new IllegalStateException("the cache is closed");
        }
    }

    /** Begins an operation; returns false if the cache is closed. */
    boolean tryEnter() {
        return uses.tryEnter();
    }

    void leave() {
        uses.leave();
    }

    void requireWritable() {
        if (options.accessMode() == AccessMode.READ_ONLY) {
            throw new IllegalStateException(
                    "the cache is open read-only; open it with another AccessMode to change it");
        }
    }

    void register(Handle handle) {
        handles.add(handle);
    }

    void forget(Handle handle) {
        handles.remove(handle);
    }

    /** Refuses further operations, waits for those that run, and closes everything. Idempotent. */
    void close() throws IOException {
        uses.close();
        awaitUnused();
        handles.forEach(Handle::abandon);
        workers.shutdown();
        try {
            index.close();
        } finally {
            directory.close();
            decoders.close();
            encoders.close();
        }
    }

    /** Waits, in spite of interrupts: operations work on a local disk, and end. */
    private void awaitUnused() {
        boolean interrupted = false;
        for (; ; ) {
            try {
                unused.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- entries

    /** Finds an entry, also one that is not listed yet, or of another process; to be released. */
    Optional<Entry> acquire(EntryKey key) throws IOException {
        Optional<Entry> found = index.acquire(key);
        if (found.isPresent() || directory.probe(key).isEmpty()) {
            return found;
        }
        return index.acquire(key);
    }

    /** Finds an entry and opens its file; a damaged one is removed, and is a miss. To be closed. */
    Optional<OpenEntry> open(EntryKey key) throws IOException {
        for (int attempt = 0; attempt < 2; attempt++) {
            Optional<Entry> found = acquire(key);
            if (found.isEmpty()) {
                return Optional.empty();
            }
            Entry entry = found.get();
            boolean opened = false;
            try {
                EntryReader reader = reader(entry);
                opened = true;
                return Optional.of(new OpenEntry(entry, reader));
            } catch (NoSuchFileException e) {
                index.remove(entry); // by somebody else; there may be another one in its place
            } catch (FrameFormatException e) {
                damaged(entry, e);
                return Optional.empty();
            } finally {
                if (!opened) {
                    index.release(entry);
                }
            }
        }
        return Optional.empty();
    }

    /** Opens the file of an entry. */
    EntryReader reader(Entry entry) throws IOException {
        return EntryReader.open(entry, directory.path(entry.file()), reading);
    }

    void close(OpenEntry open) {
        try {
            open.reader().close();
        } catch (IOException e) {
            LOG.debug("{} was not closed", directory.path(open.entry().file()), e);
        } finally {
            index.release(open.entry());
        }
    }

    /** Removes a damaged entry, and reports it: once, whoever finds it as well. */
    void damaged(Entry entry, FrameFormatException cause) {
        if (index.remove(entry)) {
            corrupt.increment();
            String problem = String.valueOf(cause.getMessage());
            LOG.warn("{} is damaged, and removed from the cache: {}", directory.path(entry.file()), problem);
            listener.corrupt(entry.key().keyspace(), problem);
        }
    }

    void hit(Keyspace keyspace) {
        hits.increment();
        listener.hit(keyspace);
    }

    void miss(Keyspace keyspace) {
        misses.increment();
        listener.miss(keyspace);
    }

    // ---- writing

    TemporaryEntry create(Keyspace keyspace, long declared) throws IOException {
        return TemporaryEntry.create(
                directory, index, files, options.durability(), declared, bytes -> listener.refused(keyspace, bytes));
    }

    /** Returns whether content of a size is stored in one piece, made in memory. */
    boolean isSmall(long size) {
        return size <= CasblobWriter.FRAME && options.storageMode() != StorageMode.UNCOMPRESSED;
    }

    EntryWriter writer(TemporaryEntry file, long size) throws IOException {
        return options.storageMode() == StorageMode.UNCOMPRESSED
                ? new PlainWriter(file)
                : new CasblobWriter(file, size, workers, options.compressionThreads(), encoders);
    }

    /** Makes a file visible; returns its entry, to be released. */
    Entry publish(TemporaryEntry file, EntryKey key, EntryFile.Format format, long size) throws IOException {
        Entry entry = file.publish(key, format, size);
        listener.stored(key.keyspace(), size, file.length());
        return entry;
    }

    EntryFiles files() {
        return files;
    }
}
