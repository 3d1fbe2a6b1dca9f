package io.blobstore.cas.internal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Records the entries of an index and the order of their last use, so that the order survives a restart. It is a hint:
 * which entries exist is decided by the names on the disk, and an entry that the journal does not know has its place by
 * its time of access. So nothing fails because of the journal; a failure is logged once.
 *
 * <p><b>Events</b> are kept in {@link JournalEvents}, and appended to the {@link JournalLog} by the journal's own
 * thread, every 30 s or after 4096 of them, but not more than once a second. However often an entry was used in
 * between, that is one record, with the tick of its last use.
 *
 * <p><b>Compaction</b>: when the log is twice as long as the snapshot, snapshot and log are read, and become the next
 * snapshot. The index is not involved, so it is not locked for that.
 *
 * <p><b>Locks</b>: that of the log, then that of the events. The callbacks take the latter only.
 */
final class Journal implements IndexLog, Closeable {
    /** What a killed process loses of the order: bazel-remote loses all of it, as it keeps none. */
    static final Duration INTERVAL = Duration.ofSeconds(30);

    private static final Duration SHORTEST_INTERVAL = Duration.ofSeconds(1);

    private final JournalFiles files;
    private final String owner;
    private final Supplier<Path> temporaries;
    private final Sharing sharing;
    private final Duration interval;
    private final JournalEvents events;
    private final JournalLog log;
    private final Thread thread;

    private volatile @Nullable Thread silent;

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
        this.temporaries = temporaries;
        this.sharing = sharing;
        this.interval = interval;
        this.events = new JournalEvents(firstTick, sharing.isShared());
        this.log = new JournalLog(files, owner, sequence);
        this.thread = new Thread(this::run, "blobstore-cache-journal");
        thread.setDaemon(true);
    }

    /** Starts to write events in the background. Creates a log at once, so that an end by a crash is recognized. */
    void start() {
        log.open();
        thread.start();
    }

    @Override
    public void added(Entry entry) {
        if (Thread.currentThread() != silent) {
            events.add(entry, JournalRecord.ADDED);
        }
    }

    @Override
    public void removed(Entry entry) {
        if (Thread.currentThread() != silent) {
            events.add(entry, JournalRecord.REMOVED);
        }
    }

    @Override
    public void used(Entry entry) {
        if (Thread.currentThread() != silent) {
            events.addUse(entry);
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
        log.writeAdded(file, storedSize, events.lastTick());
    }

    /** Writes all events to the log's file. */
    void flush() {
        log.write(events::take, events::lastUse);
    }

    private void run() {
        long nextWrite = System.nanoTime() + interval.toNanos();
        while (events.await(nextWrite)) {
            long now = System.nanoTime();
            flush();
            compactIfLong();
            nextWrite = now + interval.toNanos();
            // Many uses of one entry become one record meanwhile.
            events.pause(interval.compareTo(SHORTEST_INTERVAL) < 0 ? interval : SHORTEST_INTERVAL);
        }
    }

    private void compactIfLong() {
        if (!log.isLong()) {
            return;
        }
        if (sharing.compacts()) {
            compact();
            return;
        }
        try {
            log.rotate(true); // so that the process that compacts can do so with the finished log
        } catch (IOException e) {
            log.failed(e);
        }
    }

    /**
     * Makes snapshot and logs the next snapshot.
     *
     * @return the entries; empty if that failed
     */
    Optional<JournalState> compact() {
        try {
            long rotated = log.rotate(thread.isAlive());
            JournalFiles.Content content = files.read(other ->
                    (isOwn(other) && !sharing.isShared()) ? other.sequence() < rotated : sharing.isFinished(other));
            replaceSnapshot(content.state(), content.logs());
            return Optional.of(content.state());
        } catch (IOException e) {
            log.failed(e);
            return Optional.empty();
        }
    }

    /** Replaces the snapshot, and deletes the logs that are contained in it. */
    void replaceSnapshot(JournalState state, List<JournalFiles.Log> contained) throws IOException {
        log.setSnapshotRecords(files.replaceSnapshot(state, temporaries.get(), contained));
    }

    /** Writes all events, and ends the thread. Idempotent. */
    @Override
    public void close() {
        events.close();
        Threads.join(thread);
        flush();
        log.close();
    }
}
