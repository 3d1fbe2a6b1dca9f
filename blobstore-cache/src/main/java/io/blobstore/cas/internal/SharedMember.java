package io.blobstore.cas.internal;

import io.blobstore.cas.Keyspace;
import io.blobstore.cas.internal.Duplicates.Candidate;
import io.blobstore.internal.file.ProcessSession;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One of several processes that share a cache. Each puts, reads and removes; the leader evicts for all. All follow the
 * logs of the others, so that any of them can become the leader when its process ends: within {@link #ELECTION}, and
 * the time to list the directory.
 *
 * <p>Thread-safe. One daemon thread, which holds no lock while it works.
 */
final class SharedMember implements SharedRoom, Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(SharedMember.class);

    /** How often the leader looks whether room is needed. */
    private static final Duration ROOM = Duration.ofMillis(20);
    /** How often the logs of others are read. */
    private static final Duration FOLLOW = Duration.ofMillis(250);
    /** How often a process tries to become the leader, and the leader looks for processes that have died. */
    static final Duration ELECTION = Duration.ofSeconds(1);
    /** How often the leader counts all files, in case that somebody else deletes some, or has left some. */
    private static final Duration RECOUNT = Duration.ofMinutes(10);

    private static final int SLACK_FRACTION = 50;
    private static final long LONG_LOGS = 8L << 20;

    private final Layout layout;
    private final Path state;
    private final long max;
    private final SharedUsage usage;
    private final JournalFiles files;
    private final Journal journal;
    private final Journal.Sharing sharing;
    private final Map<Path, Long> ends;
    private final SecondFiles secondFiles;

    /** When the leader counts all files next, unless a process dies before; used by the thread only. */
    private long nextRecount;
    /** Whether a count was due, and has not succeeded yet; used by the thread only. */
    private boolean recountDue;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /** Guarded by the lock. */
    private boolean closing;

    private volatile boolean leading;
    private volatile Thread thread = new Thread(() -> {});

    /**
     * Creates an object.
     *
     * @param ends the lengths of the logs that were read
     */
    SharedMember(
            Layout layout,
            Path state,
            long max,
            SharedUsage usage,
            JournalFiles files,
            Journal journal,
            Journal.Sharing sharing,
            Map<Path, Long> ends) {
        this.layout = layout;
        this.state = state;
        this.max = max;
        this.usage = usage;
        this.files = files;
        this.journal = journal;
        this.sharing = sharing;
        this.ends = ends;
        this.secondFiles = new SecondFiles(layout, this::delete, System::nanoTime);
    }

    /** Begins to follow the others, and to be the leader if there is none; the index is loaded. */
    void start(Index index) {
        lock.lock();
        try {
            if (closing) {
                return;
            }
            Thread started = new Thread(() -> run(index), "blobstore-cache-shared");
            started.setDaemon(true);
            started.start();
            thread = started;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean take(long bytes) {
        return usage.take(bytes);
    }

    @Override
    public void give(long bytes) {
        usage.give(bytes);
    }

    @Override
    public boolean evicts() {
        return leading;
    }

    /** Notes that a file that was put is in its place. */
    void committed(long storedSize) {
        usage.committed(Budget.blocks(storedSize));
    }

    /** Deletes a file, unless it is missing, and notes that. */
    void delete(Path file) throws IOException {
        long bytes;
        try {
            bytes = Budget.blocks(Files.size(file));
        } catch (NoSuchFileException e) {
            LOG.debug("Another process deleted {}", file, e);
            return;
        }
        boolean deleted = false;
        usage.deleting(bytes);
        try {
            deleted = Files.deleteIfExists(file);
        } finally {
            usage.deleted(bytes, deleted); // by whichever process was first
        }
    }

    private void run(Index index) {
        LogTail tail = new LogTail(files, journal, index, ends);
        long election = System.nanoTime();
        long follow = election;
        while (!isClosing()) {
            try {
                long now = System.nanoTime();
                if (now - follow >= 0) {
                    follow = now + FOLLOW.toNanos();
                    tail.follow();
                }
                if (now - election >= 0) {
                    election = now + ELECTION.toNanos();
                    elect(index, tail);
                    if (leading) {
                        compactIfLong();
                    }
                }
                if (leading) {
                    makeRoom(index);
                }
                pause();
            } catch (IllegalStateException e) {
                LOG.debug("{} was closed", layout.directory(), e);
                return;
            } catch (IOException | RuntimeException e) {
                LOG.warn(
                        "{}: what other processes did is not known completely; it is tried again",
                        layout.directory(),
                        e);
                pauseAfterFailure();
            }
        }
    }

    /** Becomes the leader if there is none; as the leader, counts the files if that is due. */
    void elect(Index index, LogTail tail) throws IOException {
        if (leading) {
            boolean wasDue = recountDue;
            recountDue = true; // stays so if reclaiming fails half-way
            recountDue = usage.reclaim() || wasDue;
            if (recountDue || System.nanoTime() - nextRecount >= 0) {
                ProcessSession.sweep(state);
                recount(index);
            }
        } else if (usage.tryLead()) {
            ProcessSession.sweep(state);
            usage.reclaim();
            tail.follow();
            recount(index);
            leading = true;
            LOG.info("{}: this process evicts for all that share the cache", layout.directory());
        }
    }

    /** Counts the files, and removes those that are second ones of their keys. If it fails, it stays due. */
    private void recount(Index index) throws IOException {
        recountDue = true;
        Set<EntryFile> second = new HashSet<>();
        usage.recount(() -> count(index, second));
        recountDue = false;
        boolean unsettled = secondFiles.resolve(index, second);
        nextRecount = System.nanoTime() + (unsettled ? SecondFiles.SETTLED : RECOUNT).toNanos();
    }

    /** Compacts what others have written, which this process's journal does not count. */
    private void compactIfLong() throws IOException {
        long length = 0;
        for (JournalFiles.Log log : files.logs()) {
            length += sharing.isFinished(log) ? log.path().toFile().length() : 0;
        }
        if (length > Math.max(LONG_LOGS, 2 * files.snapshot().toFile().length())) {
            journal.compact();
        }
    }

    /**
     * Lists all files: adds those that the index does not know, and returns the bytes of all.
     *
     * @param second receives the files whose key has another file as its entry
     * @throws IOException if a directory cannot be listed: too small a sum would let all processes exceed the maximum
     * @throws IllegalStateException if this is closed meanwhile
     */
    long count(Index index, Set<EntryFile> second) throws IOException {
        long bytes = 0;
        EntryName name = new EntryName();
        for (int i = 0; i < Codes.KEYSPACES * Layout.SHARDS; i++) {
            if (isClosing()) {
                throw new IllegalStateException("closed while the files were counted");
            }
            Keyspace keyspace = Codes.keyspace(i / Layout.SHARDS);
            Path shard = layout.shard(keyspace, i % Layout.SHARDS);
            String[] names = shard.toFile().list();
            if (names == null && !Files.notExists(shard)) {
                throw new IOException(shard + " cannot be listed");
            }
            for (String text : names == null ? new String[0] : names) {
                if (name.parse(keyspace, text) && name.shard() == i % Layout.SHARDS) {
                    bytes += count(index, name.file(), second);
                }
            }
        }
        return bytes;
    }

    private long count(Index index, EntryFile file, Set<EntryFile> second) throws IOException {
        Optional<Entry> entry = index.peek(file.key());
        if (entry.isPresent() && entry.get().file().equals(file)) {
            return entry.get().bytes();
        }
        Optional<Candidate> candidate = ShardListing.candidate(layout, file, false);
        if (candidate.isEmpty()) {
            return 0;
        }
        long size = candidate.get().storedSize();
        if (entry.isPresent()) {
            second.add(file);
        } else if (!index.load(file, size, Index.NOW)) {
            LOG.debug("{} is being deleted", file);
        }
        return Budget.blocks(size);
    }

    /** Evicts what others need, and a little in advance. */
    private void makeRoom(Index index) throws IOException {
        long wanted = usage.wantedByOthers();
        long excess = usage.used() + wanted - (max - max / SLACK_FRACTION);
        if (excess <= 0) {
            return;
        }
        IndexTotals totals = index.totals();
        long toBeDeleted = totals.doomedBytes();
        if (excess > toBeDeleted) {
            try {
                index.evictTo(Math.max(0, totals.storedBytes() - (excess - toBeDeleted)));
            } catch (InterruptedIOException e) {
                LOG.debug("Evicting was interrupted", e);
            }
        }
    }

    private boolean isClosing() {
        lock.lock();
        try {
            return closing;
        } finally {
            lock.unlock();
        }
    }

    private void pauseAfterFailure() {
        for (long end = System.nanoTime() + ELECTION.toNanos(); System.nanoTime() - end < 0 && !isClosing(); ) {
            pause();
        }
    }

    private void pause() {
        lock.lock();
        try {
            long left = ROOM.toNanos();
            while (!closing && left > 0) {
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            LOG.debug("The thread does not end by an interrupt", e);
        } finally {
            lock.unlock();
        }
    }

    /** Ends the thread. */
    void stop() {
        lock.lock();
        try {
            closing = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        Threads.join(thread);
    }

    /** Ends the membership: another process may become the leader. Idempotent. */
    @Override
    public void close() throws IOException {
        stop();
        usage.close();
    }
}
