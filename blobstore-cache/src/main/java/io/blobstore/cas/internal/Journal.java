package io.blobstore.cas.internal;

import java.io.Closeable;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records the entries of an index and the order of their last use, so that the order survives a restart. It is a hint:
 * which entries exist is decided by the names on the disk, and an entry that the journal does not know has its place by
 * its time of access. So nothing fails because of the journal; a failure is logged once.
 *
 * <p><b>Events</b> are put into a buffer under a lock that is held for a few instructions, and written by the journal's
 * own thread, every 30 s or after 4096 of them, but not more than once a second. However often an entry was used in
 * between, that is one record, with the tick of its last use. The buffer is bounded: if the disk does not keep up, uses
 * are dropped first.
 *
 * <p><b>Compaction</b>: when the log is twice as long as the snapshot, snapshot and log are read, and become the next
 * snapshot. The index is not involved, so it is not locked for that.
 *
 * <p><b>Locks</b>: {@code writing}, then {@code lock}. The callbacks take {@code lock} only.
 */
final class Journal implements IndexLog, Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(Journal.class);

    /** What a killed process loses of the order: bazel-remote loses all of it, as it keeps none. */
    static final Duration INTERVAL = Duration.ofSeconds(30);

    private static final Duration SHORTEST_INTERVAL = Duration.ofSeconds(1);
    private static final int EVENTS_PER_WRITE = 4096;
    private static final int MAX_USES = 1 << 18;
    private static final int MAX_EVENTS = 1 << 20;
    /** A log that is not worth a compaction, however short the snapshot is. */
    private static final long SMALL_LOG = 1 << 14;

    /** A clock's milliseconds are shifted by this, to leave room for the events of one. */
    private static final int TICKS_PER_MILLI = 20;

    private final JournalFiles files;
    private final String owner;
    /** What is added to the ticks of the index; guarded by lock. */
    private volatile long firstTick;

    private final Supplier<Path> temporaries;
    private final Duration interval;
    private final Thread thread;

    /** Guards the events; never held during I/O. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition changed = lock.newCondition();
    // Guarded by lock:
    private EventBuffer events = new EventBuffer();
    private int epoch = 1;
    private long last;
    private long dropped;
    private boolean closing;

    private volatile @Nullable Thread silent;

    /** Guards the log's file; held during I/O. */
    private final ReentrantLock writing = new ReentrantLock();

    // Guarded by writing:
    private final ByteBuffer buffer = ByteBuffer.allocate(1024 * JournalRecord.BYTES);
    private final long[] words = new long[JournalRecord.WORDS];
    private final CRC32C crc = new CRC32C();
    private @Nullable FileOutputStream log;
    private long sequence;
    private long logRecords;
    private long snapshotRecords;
    private boolean warned;

    private final Sharing sharing;

    /** How several processes share a journal. */
    interface Sharing {
        /** One process has it for itself. */
        Sharing NONE = new Sharing() {
            @Override
            public boolean isShared() {
                return false;
            }

            @Override
            public boolean compacts() {
                return true;
            }

            @Override
            public boolean isFinished(JournalFiles.Log log) {
                return true;
            }
        };

        /** Returns whether ticks are those of a clock, so that the uses of several processes can be compared. */
        boolean isShared();

        /** Returns whether this process makes the snapshots. */
        boolean compacts();

        /** Returns whether nobody appends to a log of another session. */
        boolean isFinished(JournalFiles.Log log);
    }

    /**
     * Creates a journal, without starting its thread.
     *
     * @param files where it is
     * @param owner the name of this session
     * @param sequence the number of its first log, higher than those of all logs that are there
     * @param firstTick what is added to the ticks of an index, which begin at 1; above all ticks of earlier sessions
     * @param temporaries returns unused paths for files that are not finished
     * @param sharing who else uses the journal
     * @param interval how long an event may wait at most
     */
    Journal(
            JournalFiles files,
            String owner,
            long sequence,
            long firstTick,
            Supplier<Path> temporaries,
            Sharing sharing,
            Duration interval) {
        this.files = files;
        this.owner = owner;
        this.sequence = sequence;
        this.firstTick = firstTick;
        this.last = firstTick;
        this.temporaries = temporaries;
        this.sharing = sharing;
        this.interval = interval;
        this.thread = new Thread(this::run, "blobstore-cache-journal");
        thread.setDaemon(true);
    }

    /** Starts to write events in the background. Creates a log at once, so that an end by a crash is recognized. */
    void start() {
        writing.lock();
        try {
            openLog();
        } catch (IOException e) {
            failed(e);
        } finally {
            writing.unlock();
        }
        thread.start();
    }

    @Override
    public void added(Entry entry) {
        record(entry, JournalRecord.ADDED, MAX_EVENTS);
    }

    @Override
    public void removed(Entry entry) {
        record(entry, JournalRecord.REMOVED, MAX_EVENTS);
    }

    @Override
    public void used(Entry entry) {
        if (Thread.currentThread() == silent) {
            return;
        }
        lock.lock();
        try {
            last = firstTick + entry.tick();
            if (entry.journalEpoch != epoch) {
                entry.journalEpoch = epoch;
                add(entry, JournalRecord.USED, last, MAX_USES);
            }
        } finally {
            lock.unlock();
        }
    }

    private void record(Entry entry, int operation, int limit) {
        if (Thread.currentThread() == silent) {
            return;
        }
        lock.lock();
        try {
            last = Math.max(last, firstTick + entry.tick());
            add(entry, operation, last, limit);
        } finally {
            lock.unlock();
        }
    }

    private void add(Entry entry, int operation, long now, int limit) {
        if (events.size() >= limit) {
            dropped++;
            return;
        }
        events.add(entry, operation, now);
        if (events.size() == EVENTS_PER_WRITE) {
            changed.signal();
        }
    }

    /** Returns whether a log was written by this journal. */
    boolean isOwn(JournalFiles.Log other) {
        return other.owner().equals(owner);
    }

    /**
     * Runs an action whose events are those of another journal, and not recorded again. One thread at a time does that.
     */
    void withoutRecording(Runnable action) {
        silent = Thread.currentThread();
        try {
            action.run();
        } finally {
            silent = null;
        }
    }

    /**
     * Records at once that a file is complete, before it gets its name: if the process is killed then, the next one
     * knows that the file is not what another program left unfinished.
     */
    void announce(EntryFile file, long storedSize) {
        long now;
        lock.lock();
        try {
            now = last;
        } finally {
            lock.unlock();
        }
        writing.lock();
        try {
            put(JournalRecord.ADDED, file, storedSize, now);
            writeBuffer();
        } catch (IOException e) {
            failed(e);
        } finally {
            writing.unlock();
        }
    }

    /** Writes all events to the log's file. */
    void flush() {
        writing.lock();
        try {
            EventBuffer swapped;
            long lost;
            lock.lock();
            try {
                swapped = events;
                events = new EventBuffer();
                epoch++;
                lost = dropped;
                dropped = 0;
                if (sharing.isShared()) {
                    long now = System.currentTimeMillis() << TICKS_PER_MILLI;
                    firstTick = Math.max(firstTick, now - (last - firstTick));
                }
            } finally {
                lock.unlock();
            }
            if (swapped.size() > 0) {
                write(swapped);
            }
            if (lost > 0) {
                LOG.debug("{} events were not recorded, as the disk did not keep up", lost);
            }
        } finally {
            writing.unlock();
        }
    }

    private void write(EventBuffer swapped) {
        try {
            int[] position = {0};
            IOException[] failure = {null};
            swapped.forEach((entry, operation, at) -> {
                position[0]++;
                if (failure[0] == null) {
                    try {
                        put(
                                operation,
                                entry.file(),
                                entry.storedSize(),
                                operation == JournalRecord.USED ? firstTick + entry.tick() : at);
                    } catch (IOException e) {
                        failure[0] = e;
                    }
                }
            });
            if (failure[0] != null) {
                throw failure[0];
            }
            writeBuffer();
        } catch (IOException e) {
            failed(e);
        }
    }

    private void put(int operation, EntryFile file, long storedSize, long at) throws IOException {
        if (!JournalRecord.fits(file, storedSize)) {
            return;
        }
        if (buffer.remaining() < JournalRecord.BYTES) {
            writeBuffer();
        }
        JournalRecord.put(words, 0, operation, file, storedSize, at);
        JournalRecord.write(buffer, words, 0, crc);
    }

    private void writeBuffer() throws IOException {
        if (buffer.position() == 0) {
            return;
        }
        FileOutputStream open = log;
        if (open == null) {
            // A stream, as an interrupt of the thread that announces a file would close a channel.
            files.create();
            open = new FileOutputStream(files.log(sequence, owner).toFile());
            log = open;
        }
        open.write(buffer.array(), 0, buffer.position());
        logRecords += buffer.position() / JournalRecord.BYTES;
        buffer.clear();
    }

    private FileOutputStream openLog() throws IOException {
        FileOutputStream open = log;
        if (open == null) {
            files.create();
            // A stream, as an interrupt of the thread that announces a file would close a channel.
            open = new FileOutputStream(files.log(sequence, owner).toFile());
            log = open;
        }
        return open;
    }

    /** Goes on with another log, as the records of this one may end in the middle; what was to be written is lost. */
    private void failed(IOException cause) {
        writing.lock();
        try {
            buffer.clear();
            closeLog();
            if (warned) {
                LOG.debug("The journal could not be written again", cause);
                return;
            }
            warned = true;
        } finally {
            writing.unlock();
        }
        LOG.warn(
                "The journal could not be written: if that lasts, the order of the entries is lost when the cache is"
                        + " opened next, but no entry is",
                cause);
    }

    private void closeLog() {
        FileOutputStream open = log;
        log = null;
        sequence++;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                LOG.debug("A log of the journal could not be closed", e);
            }
        }
    }

    private void run() {
        long nextWrite = System.nanoTime() + interval.toNanos();
        while (awaitWrite(nextWrite)) {
            long now = System.nanoTime();
            flush();
            compactIfLong();
            nextWrite = now + interval.toNanos();
            pause();
        }
    }

    /** Waits until events are to be written; returns false at the end. */
    private boolean awaitWrite(long at) {
        lock.lock();
        try {
            for (long nanos = at - System.nanoTime();
                    !closing && events.size() < EVENTS_PER_WRITE && nanos > 0;
                    nanos = at - System.nanoTime()) {
                changed.awaitNanos(nanos);
            }
            return !closing;
        } catch (InterruptedException e) {
            LOG.debug("The journal's thread does not end by an interrupt", e);
            return !closing;
        } finally {
            lock.unlock();
        }
    }

    /** Waits between two writes, as many uses of one entry become one record then. */
    private void pause() {
        lock.lock();
        try {
            long end = System.nanoTime() + Math.min(SHORTEST_INTERVAL.toNanos(), interval.toNanos());
            for (long nanos = end - System.nanoTime(); !closing && nanos > 0; nanos = end - System.nanoTime()) {
                changed.awaitNanos(nanos);
            }
        } catch (InterruptedException e) {
            LOG.debug("The journal's thread does not end by an interrupt", e);
        } finally {
            lock.unlock();
        }
    }

    private void compactIfLong() {
        boolean isLong;
        writing.lock();
        try {
            isLong = logRecords > Math.max(SMALL_LOG, 2 * snapshotRecords);
        } finally {
            writing.unlock();
        }
        if (isLong && sharing.compacts()) {
            compact();
        } else if (isLong) {
            rotate();
        }
    }

    /** Finishes the log, so that the process that compacts can do so with it. */
    private void rotate() {
        writing.lock();
        try {
            closeLog();
            logRecords = 0;
            openLog();
        } catch (IOException e) {
            failed(e);
        } finally {
            writing.unlock();
        }
    }

    /**
     * Makes snapshot and logs the next snapshot.
     *
     * @return the entries; empty if that failed
     */
    Optional<JournalState> compact() {
        try {
            long rotated;
            writing.lock();
            try {
                closeLog();
                rotated = sequence;
                logRecords = 0;
                if (thread.isAlive()) {
                    openLog();
                }
            } finally {
                writing.unlock();
            }
            JournalFiles.Content content = files.read(
                    log -> (isOwn(log) && !sharing.isShared()) ? log.sequence() < rotated : sharing.isFinished(log));
            replaceSnapshot(content.state(), content.logs());
            return Optional.of(content.state());
        } catch (IOException e) {
            failed(e);
            return Optional.empty();
        }
    }

    /** Replaces the snapshot, and deletes the logs that are contained in it. */
    void replaceSnapshot(JournalState state, List<JournalFiles.Log> contained) throws IOException {
        long records = files.replaceSnapshot(state, temporaries.get(), contained);
        writing.lock();
        try {
            snapshotRecords = records;
        } finally {
            writing.unlock();
        }
    }

    /** Writes all events, and ends the thread. Idempotent. */
    @Override
    public void close() {
        lock.lock();
        try {
            closing = true;
            changed.signal();
        } finally {
            lock.unlock();
        }
        Threads.join(thread);
        flush();
        writing.lock();
        try {
            closeLog();
        } finally {
            writing.unlock();
        }
    }
}
