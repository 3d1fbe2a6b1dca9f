package io.blobstore.cas.internal;

import io.blobstore.cas.internal.Duplicates.Candidate;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes files whose key has another file as its entry. Two processes that put the same content at the same time learn
 * of each other's file, and each deletes its own if the other one stays; but not if it dies before.
 *
 * <p>A living process may have moved a file to its place and not have added it to its index yet. So a file is removed
 * only when it is still a second one {@link #SETTLED} after it was found: by then, all others know it from the log of a
 * living process.
 *
 * <p>Not thread-safe: used by the leader's thread.
 */
final class SecondFiles {
    private static final Logger LOG = LoggerFactory.getLogger(SecondFiles.class);

    /** After this time, a file that is not an entry belongs to a process that has died. */
    static final Duration SETTLED = Duration.ofSeconds(30);

    private final Layout layout;
    private final Deletion deletion;
    private final LongSupplier nanoTime;
    /** When each file was found first. */
    private final Map<EntryFile, Long> foundAt = new HashMap<>();

    /** Deletes a file of the cache. */
    @FunctionalInterface
    interface Deletion {
        void delete(Path file) throws IOException;
    }

    SecondFiles(Layout layout, Deletion deletion, LongSupplier nanoTime) {
        this.layout = layout;
        this.deletion = deletion;
        this.nanoTime = nanoTime;
    }

    /**
     * Removes those files that have been second ones for long enough, and remembers the others.
     *
     * @param found all second files that there are now
     * @return whether some of them have to be looked at again after {@link #SETTLED}
     */
    boolean resolve(Index index, Set<EntryFile> found) {
        long now = nanoTime.getAsLong();
        foundAt.keySet().retainAll(found);
        boolean unsettled = false;
        for (EntryFile file : found) {
            Long first = foundAt.putIfAbsent(file, now);
            if (first == null || now - first < SETTLED.toNanos()) {
                unsettled = true;
            } else {
                try {
                    resolve(index, file);
                } catch (IOException e) {
                    LOG.debug("The second file {} was not verified or not deleted; it is tried again", file, e);
                }
            }
        }
        return unsettled;
    }

    private void resolve(Index index, EntryFile file) throws IOException {
        Optional<Entry> entry = index.peek(file.key());
        Optional<Candidate> second = ShardListing.candidate(layout, file, false);
        if (entry.isEmpty() || entry.get().file().equals(file) || index.wasRemoved(file) || second.isEmpty()) {
            return;
        }
        List<Candidate> files = new ArrayList<>(List.of(second.get()));
        ShardListing.candidate(layout, entry.get().file(), true).ifPresent(files::add);
        Optional<Candidate> kept = Duplicates.decide(layout, files).entry();
        if (kept.isEmpty() || kept.equals(second)) {
            index.remove(entry.get());
        }
        if (kept.equals(second)) {
            index.load(file, second.get().storedSize(), Index.NOW);
        } else {
            deletion.delete(layout.path(file));
            LOG.info("Deleted {}, which another process had put a second time", layout.path(file));
        }
    }
}
