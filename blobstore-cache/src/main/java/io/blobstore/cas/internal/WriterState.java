package io.blobstore.cas.internal;

import io.blobstore.cas.AccessMode;
import io.blobstore.cas.CacheOptions;
import io.blobstore.internal.file.ProcessSession;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The state of a cache that this process may write: its lock, its session, its journal. Thread-safe. */
final class WriterState implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(WriterState.class);

    /** How long closing may take for the sake of bazel-remote, which may be the next to open the directory. */
    private static final Duration FOR_ACCESS_TIMES = Duration.ofSeconds(1);

    /** What other processes learn of an event that late at most. */
    private static final Duration SHARED_INTERVAL = Duration.ofMillis(250);

    /** What is between the ticks of two runs: more than a directory can have entries that the journal does not know. */
    private static final long BETWEEN_RUNS = 1L << 32;

    private final Layout layout;
    private final OwnerLock lock;
    private final ProcessSession session;
    private final Journal journal;
    private final long firstTick;
    private final long journalWritten;
    private final LoadingRoom loadingRoom;
    /** Null unless other processes share the cache. */
    private final @Nullable SharedMember member;

    private JournalFiles.@Nullable Content recorded;

    private WriterState(
            Layout layout, Path state, CacheOptions options, OwnerLock lock, ProcessSession session, JournalFiles files)
            throws IOException {
        this.layout = layout;
        this.lock = lock;
        this.session = session;
        boolean shared = options.accessMode() == AccessMode.SHARED;
        Map<Path, Long> ends = LogTail.ends(files);
        journalWritten = files.lastWritten();
        JournalFiles.Content content = files.read(log -> true);
        recorded = content;
        if (content.damaged() > 0) {
            LOG.warn(
                    "{} of the journal's records were damaged, and are ignored; entries that it does not know are"
                            + " ordered by their time of access",
                    content.damaged());
        }
        loadingRoom = new LoadingRoom(LoadingRoom.freeBytes(options.maxBytes(), content));
        firstTick = content.state().maxTick() + BETWEEN_RUNS;
        long sequence = 1;
        for (JournalFiles.Log log : content.logs()) {
            sequence = Math.max(sequence, log.sequence() + 1);
        }
        Journal.Sharing sharing = shared ? new SharedJournal(state, files, this::isLeading) : Journal.Sharing.NONE;
        journal = new Journal(
                files,
                session.newTemporary().resolveSibling("").getFileName().toString(),
                sequence,
                firstTick,
                session::newTemporary,
                sharing,
                shared ? SHARED_INTERVAL : Journal.INTERVAL);
        member = shared
                ? new SharedMember(
                        layout,
                        state,
                        options.maxBytes(),
                        SharedUsage.open(layout.directory(), state, session, options.maxBytes()),
                        files,
                        journal,
                        sharing,
                        ends)
                : null;
    }

    /** Locks a cache whose state directory exists, and prepares its directories. */
    static WriterState open(Layout layout, Path state, CacheOptions options) throws IOException {
        boolean shared = options.accessMode() == AccessMode.SHARED;
        OwnerLock lock = OwnerLock.lock(layout.directory(), state, shared, () -> SharedUsage.reset(state));
        try {
            ProcessSession.sweep(state);
            layout.create();
            Migration.run(layout);
            ProcessSession session = ProcessSession.join(state);
            try {
                WriterState opened = new WriterState(layout, state, options, lock, session, journalFiles(state));
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

    private boolean isLeading() {
        return member != null && member.evicts();
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

    /** Returns what an index writes to. */
    IndexLog log() {
        SharedMember shared = member;
        return shared == null ? journal : new SharedLog(journal, shared);
    }

    /** A journal that also notes what has become of reservations. */
    record SharedLog(Journal journal, SharedMember member) implements IndexLog {
        @Override
        public void added(Entry entry) {
            member.committed(entry.storedSize());
            journal.added(entry);
        }

        @Override
        public void removed(Entry entry) {
            journal.removed(entry);
        }

        @Override
        public void used(Entry entry) {
            journal.used(entry);
        }
    }

    /** Returns what else bounds the index. */
    SharedRoom room() {
        return member == null ? loadingRoom : member;
    }

    /** Deletes a file, unless it is missing. */
    void delete(Path file) throws IOException {
        if (member == null) {
            Files.deleteIfExists(file);
        } else {
            member.delete(file);
        }
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

    /**
     * Goes on after the listing.
     *
     * @param loader what has listed the directory; null if that was not completed
     */
    void loaded(Index index, @Nullable Loader loader, JournalFiles.Content loaded) {
        loadingRoom.loaded();
        if (loader == null) {
            return;
        }
        if (member != null) {
            member.start(index);
        } else if (loader.hasChanged() || !loaded.isComplete()) {
            try {
                journal.replaceSnapshot(loaded.state(), loaded.logs());
            } catch (IOException e) {
                LOG.warn("The journal's snapshot was not written; the next start looks up more files", e);
            }
        }
    }

    /** Ends the journal, and releases the lock. */
    @Override
    public void close() throws IOException {
        try {
            boolean compacts = member == null || member.evicts();
            if (member != null) {
                member.stop();
            }
            journal.close();
            if (compacts) {
                journal.compact().ifPresent(state -> AccessTimes.set(layout, state, firstTick, FOR_ACCESS_TIMES));
            }
        } finally {
            release();
        }
    }

    private void release() throws IOException {
        try {
            if (member != null) {
                member.close();
            }
        } finally {
            try {
                session.leave();
            } finally {
                lock.close();
            }
        }
    }
}
