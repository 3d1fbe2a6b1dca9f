package io.blobstore.cas.internal;

import io.blobstore.cas.AccessMode;
import io.blobstore.cas.CacheOptions;
import io.blobstore.internal.file.ProcessSession;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The state of a cache that this process may write: its lock, its session, its journal. Thread-safe. */
final class WriterState implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(WriterState.class);

    /** How long closing may take for the sake of bazel-remote, which may be the next to open the directory. */
    private static final Duration FOR_ACCESS_TIMES = Duration.ofSeconds(1);

    /** What is between the ticks of two runs: more than a directory can have entries that the journal does not know. */
    private static final long BETWEEN_RUNS = 1L << 32;

    private final Layout layout;
    private final OwnerLock lock;
    private final ProcessSession session;
    private final Journal journal;
    private final long firstTick;
    private final long journalWritten;
    private final boolean exclusive;
    private final LoadingRoom room;
    private JournalFiles.@Nullable Content recorded;

    private WriterState(
            Layout layout,
            OwnerLock lock,
            ProcessSession session,
            JournalFiles files,
            JournalFiles.Content recorded,
            CacheOptions options)
            throws IOException {
        this.layout = layout;
        this.lock = lock;
        this.session = session;
        this.recorded = recorded;
        this.journalWritten = files.lastWritten();
        this.exclusive = options.accessMode() == AccessMode.EXCLUSIVE;
        this.room = new LoadingRoom(LoadingRoom.freeBytes(options.maxBytes(), recorded));
        this.firstTick = recorded.state().maxTick() + BETWEEN_RUNS;
        long sequence = 1;
        for (JournalFiles.Log log : recorded.logs()) {
            sequence = Math.max(sequence, log.sequence() + 1);
        }
        Path own = session.newTemporary().resolveSibling("");
        this.journal = new Journal(
                files,
                own.getFileName().toString(),
                sequence,
                firstTick,
                session::newTemporary,
                log -> exclusive,
                Journal.INTERVAL);
    }

    /** Locks a cache whose state directory exists, and prepares its directories. */
    static WriterState open(Layout layout, Path state, CacheOptions options) throws IOException {
        OwnerLock lock = OwnerLock.lock(layout.directory(), state, options.accessMode() == AccessMode.SHARED);
        try {
            ProcessSession.sweep(state);
            layout.create();
            Migration.run(layout);
            JournalFiles files = journalFiles(state);
            JournalFiles.Content recorded = files.read(log -> true);
            if (recorded.damaged() > 0) {
                LOG.warn(
                        "{} of the journal's records were damaged, and are ignored; entries that it does not know are"
                                + " ordered by their time of access",
                        recorded.damaged());
            }
            ProcessSession session = ProcessSession.join(state);
            try {
                WriterState opened = new WriterState(layout, lock, session, files, recorded, options);
                opened.journal.start();
                return opened;
            } catch (IOException | RuntimeException e) {
                session.leave();
                throw e;
            }
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /** Returns the files of the journal in a state directory. */
    static JournalFiles journalFiles(Path state) {
        return new JournalFiles(state.resolve("journal"));
    }

    ProcessSession session() {
        return session;
    }

    Journal journal() {
        return journal;
    }

    LoadingRoom room() {
        return room;
    }

    /** Returns when the journal was written last before this run, in milliseconds of the epoch. */
    long journalWritten() {
        return journalWritten;
    }

    /** Returns what the journal said when it was opened, once: it is large. */
    JournalFiles.Content takeRecorded() {
        JournalFiles.Content taken = recorded;
        recorded = null;
        if (taken == null) {
            throw new IllegalStateException("already loaded");
        }
        return taken;
    }

    /** Makes what was loaded the next snapshot, if it is not the last one. */
    void loaded(Loader loader, JournalFiles.Content loaded) {
        if (!loader.hasChanged() && loaded.logs().isEmpty() && loaded.damaged() == 0) {
            return;
        }
        try {
            journal.replaceSnapshot(loaded.state(), loaded.logs());
        } catch (IOException e) {
            LOG.warn("The journal's snapshot was not written; the next start looks up more files", e);
        }
    }

    /** Ends the journal, and releases the lock. */
    @Override
    public void close() throws IOException {
        try (OwnerLock held = lock) {
            try {
                journal.close();
                if (exclusive) {
                    journal.compact().ifPresent(state -> AccessTimes.set(layout, state, firstTick, FOR_ACCESS_TIMES));
                }
            } finally {
                session.leave();
            }
        }
    }
}
