package io.blobstore.cas.internal;

import io.blobstore.cas.internal.Duplicates.Candidate;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fills an index with the entries that are there, in the order of their last use: what the journal says, corrected by
 * the names on the disk. Entries that it does not know are ordered by their time of access, as bazel-remote orders all.
 *
 * <p>Used once, by one thread, which starts others; {@link #cancel} may be called by any thread.
 */
final class Loader {
    private static final Logger LOG = LoggerFactory.getLogger(Loader.class);
    private static final int MAX_THREADS = 4;
    private static final int DIRECTORIES = Codes.KEYSPACES * Layout.SHARDS;

    private final Layout layout;
    private final JournalState known;
    private final long journalWritten;
    private final Predicate<EntryFile> ignored;
    private final boolean mayDelete;
    private final byte[] found;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger failures = new AtomicInteger();
    private volatile boolean cancelled;
    private boolean changed;

    /**
     * Creates a loader.
     *
     * @param known what the journal says; corrected by {@link #load}
     * @param journalWritten when the journal was written last, in milliseconds of the epoch: what was accessed later,
     *     and is not in it, is newer than everything in it
     * @param ignored files that are being put, which {@link Index#commit} adds
     * @param mayDelete whether files that other programs left unfinished may be deleted
     */
    Loader(Layout layout, JournalState known, long journalWritten, Predicate<EntryFile> ignored, boolean mayDelete) {
        this.layout = layout;
        this.known = known;
        this.journalWritten = journalWritten;
        this.ignored = ignored;
        this.mayDelete = mayDelete;
        this.found = new byte[known.size()];
    }

    /** Makes {@link #load} return soon. */
    void cancel() {
        cancelled = true;
    }

    /** Returns whether the names on the disk differed from the journal. */
    boolean hasChanged() {
        return changed;
    }

    /**
     * Lists all directories, and fills the index.
     *
     * @return false if it was cancelled
     */
    boolean load(Index index) {
        long start = System.nanoTime();
        List<Candidate> unknown = list();
        if (cancelled) {
            return false;
        }
        long missing = removeMissing();
        unknown.sort(Comparator.comparingLong(Candidate::lastAccess));
        int cold = 0;
        while (cold < unknown.size() && unknown.get(cold).lastAccess() <= journalWritten) {
            cold++;
        }
        int[] order = known.inOrder();
        long rank = -(long) unknown.size() - order.length;
        addUnknown(index, unknown.subList(0, cold), rank);
        rank += cold;
        Duration sinceJournal = age(journalWritten);
        for (int record : order) {
            if (cancelled) {
                return false;
            }
            long[] words = known.words(record);
            int at = known.at(record);
            add(index, JournalRecord.file(words, at), JournalRecord.storedSize(words, at), ++rank, sinceJournal);
        }
        addUnknown(index, unknown.subList(cold, unknown.size()), rank);
        record(unknown.subList(0, cold), unknown.subList(cold, unknown.size()), order);
        changed = missing > 0 || !unknown.isEmpty();
        LOG.info(
                "{}: {} entries in {} ms, {} of them ordered by their time of access; {} in the journal were missing{}",
                layout.directory(),
                order.length + unknown.size(),
                (System.nanoTime() - start) / 1_000_000,
                unknown.size(),
                missing,
                failures.get() == 0 ? "" : ", " + failures.get() + " directories could not be listed");
        return !cancelled;
    }

    private List<Candidate> list() {
        int threads = Math.max(1, Math.min(MAX_THREADS, Runtime.getRuntime().availableProcessors()));
        List<ShardListing> listings = new ArrayList<>();
        List<Thread> helpers = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            ShardListing listing = new ShardListing(layout, known, found, ignored, mayDelete);
            listings.add(listing);
            if (i > 0) {
                Thread helper = new Thread(() -> list(listing), "blobstore-cache-list-" + i);
                helper.setDaemon(true);
                helper.start();
                helpers.add(helper);
            }
        }
        list(listings.get(0));
        helpers.forEach(Threads::join);
        List<Candidate> unknown = new ArrayList<>();
        listings.forEach(listing -> unknown.addAll(listing.unknown()));
        return unknown;
    }

    private void list(ShardListing listing) {
        for (int i = next.getAndIncrement(); i < DIRECTORIES && !cancelled; i = next.getAndIncrement()) {
            try {
                listing.list(Codes.keyspace(i / Layout.SHARDS), i % Layout.SHARDS);
            } catch (IOException | RuntimeException e) {
                if (failures.getAndIncrement() == 0) {
                    LOG.warn("A directory of the cache could not be listed; its entries are not found", e);
                } else {
                    LOG.debug("Another directory could not be listed", e);
                }
            }
        }
    }

    private long removeMissing() {
        long missing = 0;
        for (int i = 0; i < known.size(); i++) {
            if (found[i] == 0 && known.isPresent(i)) {
                known.remove(i);
                missing++;
            }
        }
        return missing;
    }

    private void addUnknown(Index index, List<Candidate> files, long rankBefore) {
        long rank = rankBefore;
        for (Candidate file : files) {
            if (cancelled) {
                return;
            }
            add(index, file.file(), file.storedSize(), ++rank, age(file.lastAccess()));
        }
    }

    private static Duration age(long millis) {
        return Duration.ofMillis(millis < 0 ? 0 : Math.max(0, System.currentTimeMillis() - millis));
    }

    private void add(Index index, EntryFile file, long storedSize, long rank, Duration unused) {
        try {
            if (!index.load(file, storedSize, rank, unused) && mayDelete) {
                deleteReplaced(index, file);
            }
        } catch (IllegalArgumentException e) {
            LOG.warn("{} is not counted", layout.path(file), e);
        }
    }

    /** Deletes a file whose key has got another one since the listing began. */
    private void deleteReplaced(Index index, EntryFile file) {
        if (index.peek(file.key()).map(entry -> !entry.file().equals(file)).orElse(false)) {
            try {
                Files.deleteIfExists(layout.path(file));
            } catch (IOException e) {
                LOG.warn("{}, which was replaced, could not be deleted", layout.path(file), e);
            }
        }
    }

    /** Adds the unknown entries to what the journal says, below and above all others. */
    private void record(List<Candidate> cold, List<Candidate> hot, int[] order) {
        long tick = (order.length == 0 ? 1 : known.tick(order[0])) - cold.size();
        for (Candidate file : cold) {
            record(file, tick++);
        }
        tick = known.maxTick();
        for (Candidate file : hot) {
            record(file, ++tick);
        }
    }

    private void record(Candidate file, long tick) {
        if (JournalRecord.fits(file.file(), file.storedSize())) {
            long[] words = new long[JournalRecord.WORDS];
            JournalRecord.put(words, 0, JournalRecord.ADDED, file.file(), file.storedSize(), tick);
            known.put(words);
        }
    }
}
