package io.blobstore.cas.internal;

import io.blobstore.cas.Keyspace;
import io.blobstore.cas.internal.Duplicates.Candidate;
import io.blobstore.internal.file.ProcessSession;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
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
    /** How often the leader counts all files, in case that somebody else deletes some. */
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

    /** Notes that a file is going to be deleted. */
    void deleting(long storedSize) {
        usage.deleting(Budget.blocks(storedSize));
    }

    /** Notes that the file was deleted, or was not, or not by this process. */
    void deleted(long storedSize, boolean deleted) {
        usage.deleted(Budget.blocks(storedSize), deleted);
    }

    private void run(Index index) {
        LogTail tail = new LogTail(files, journal, index, ends);
        long election = System.nanoTime();
        long follow = election;
        long recount = election + RECOUNT.toNanos();
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
                    if (leading && now - recount >= 0) {
                        recount = now + RECOUNT.toNanos();
                        usage.recount(() -> count(index));
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

    private void elect(Index index, LogTail tail) throws IOException {
        if (leading) {
            if (usage.reclaim()) {
                ProcessSession.sweep(state);
                usage.recount(() -> count(index));
            }
        } else if (usage.tryLead()) {
            ProcessSession.sweep(state);
            usage.reclaim();
            tail.follow();
            usage.recount(() -> count(index));
            leading = true;
            LOG.info("{}: this process evicts for all that share the cache", layout.directory());
        }
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
     * @throws IOException if a directory cannot be listed: too small a sum would let all processes exceed the maximum
     * @throws IllegalStateException if this is closed meanwhile
     */
    long count(Index index) throws IOException {
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
                    bytes += count(index, name.file());
                }
            }
        }
        return bytes;
    }

    private long count(Index index, EntryFile file) throws IOException {
        Optional<Entry> entry = index.peek(file.key());
        if (entry.isPresent() && entry.get().file().equals(file)) {
            return entry.get().bytes();
        }
        Optional<Candidate> candidate = ShardListing.candidate(layout, file, false);
        if (candidate.isEmpty()) {
            return 0;
        }
        long size = candidate.get().storedSize();
        if (entry.isEmpty() && !index.load(file, size, Index.NOW)) {
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
