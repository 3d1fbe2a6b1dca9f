package io.blobstore.cas.internal;

import io.blobstore.cas.Keyspace;
import io.blobstore.cas.internal.Duplicates.Candidate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the names of a cache's files, one directory after the other, and compares them with the journal. A file that
 * the journal knows costs no system call and no object; the others are looked up.
 *
 * <p>Several objects, one for each thread, list different directories of one cache. Not thread-safe.
 */
final class ShardListing {
    private static final Logger LOG = LoggerFactory.getLogger(ShardListing.class);

    private final Layout layout;
    private final JournalState known;
    private final byte[] found;
    private final Predicate<EntryFile> ignored;
    private final boolean mayDelete;
    private final EntryName parser = new EntryName();

    private final List<Candidate> unknown = new ArrayList<>();
    private int leftovers;

    /**
     * Creates a listing.
     *
     * @param known what the journal says
     * @param found is set to 1 for each record whose file is found
     * @param ignored files that are being put
     * @param mayDelete whether files that other programs left unfinished may be deleted
     */
    ShardListing(Layout layout, JournalState known, byte[] found, Predicate<EntryFile> ignored, boolean mayDelete) {
        this.layout = layout;
        this.known = known;
        this.found = found;
        this.ignored = ignored;
        this.mayDelete = mayDelete;
    }

    /** Returns the entries that the journal does not know. */
    List<Candidate> unknown() {
        return unknown;
    }

    /** Returns the number of files that were deleted, as they were second files of their keys. */
    int leftovers() {
        return leftovers;
    }

    /** Lists a directory. Other names than those of entries remain, with one warning. */
    void list(Keyspace keyspace, int shard) throws IOException {
        Path directory = layout.shard(keyspace, shard);
        String[] names = directory.toFile().list(); // half the cost of a stream of paths
        if (names == null) {
            if (Files.notExists(directory)) {
                return;
            }
            throw new IOException(directory + " cannot be listed; its permissions may be missing");
        }
        Map<EntryKey, List<Candidate>> others = Map.of();
        int foreign = 0;
        String example = "";
        for (String name : names) {
            if (!parser.parse(keyspace, name) || parser.shard() != shard) {
                if (!Layout.isIgnored(name)) {
                    foreign++;
                    example = name;
                }
            } else if (!isKnown(keyspace)) {
                others = others.isEmpty() ? new HashMap<>() : others;
                add(others);
            }
        }
        if (foreign > 0) {
            LOG.warn(
                    "{} contains {} name(s) that are not of a cache's files, such as '{}'; they remain as they are, but"
                            + " bazel-remote refuses to start there",
                    directory,
                    foreign,
                    example);
        }
        for (List<Candidate> files : others.values()) {
            resolve(files);
        }
    }

    private boolean isKnown(Keyspace keyspace) {
        int index = find(keyspace);
        if (index < 0 || !known.isPresent(index)) {
            return false;
        }
        long[] words = known.words(index);
        int at = known.at(index);
        int suffix = JournalRecord.suffixCode(words, at);
        if ((suffix & JournalRecord.OTHER_SUFFIX) != 0
                || suffix != parser.suffixCode()
                || JournalRecord.kind(words[at]) != parser.kind()
                || JournalRecord.contentSize(words, at) != parser.contentSize()) {
            return false;
        }
        found[index] = 1;
        return true;
    }

    private int find(Keyspace keyspace) {
        long[] hash = parser.hash;
        return known.find(Codes.of(keyspace), hash[0], hash[1], hash[2], hash[3]);
    }

    private void add(Map<EntryKey, List<Candidate>> others) throws IOException {
        EntryFile file = parser.file();
        if (!ignored.test(file)) {
            Optional<Candidate> candidate = candidate(layout, file, false);
            if (candidate.isPresent()) {
                others.computeIfAbsent(file.key(), key -> new ArrayList<>(1)).add(candidate.get());
            }
        }
    }

    /** Looks up a file; empty if it does not exist, or is not a file. */
    static Optional<Candidate> candidate(Layout layout, EntryFile file, boolean recorded) throws IOException {
        try {
            BasicFileAttributes attributes = Files.readAttributes(layout.path(file), BasicFileAttributes.class);
            if (!attributes.isRegularFile()) {
                return Optional.empty();
            }
            return Optional.of(new Candidate(
                    file,
                    attributes.size(),
                    attributes.lastAccessTime().toMillis(),
                    attributes.lastModifiedTime().toMillis(),
                    recorded));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** Decides which file of a key is its entry. */
    private void resolve(List<Candidate> files) throws IOException {
        EntryKey key = files.get(0).file().key();
        parser.parse(key.keyspace(), files.get(0).file().name());
        int index = find(key.keyspace());
        boolean isRecorded = index >= 0 && found[index] == 1;
        if (files.size() == 1 && !isRecorded) {
            unknown.add(files.get(0));
            return;
        }
        List<Candidate> all = new ArrayList<>(files);
        if (isRecorded) {
            EntryFile recorded = JournalRecord.file(known.words(index), known.at(index));
            candidate(layout, recorded, true).ifPresent(all::add);
        }
        try {
            Duplicates.Decision decision = Duplicates.decide(layout, all);
            if (isRecorded && !decision.entry().map(Candidate::recorded).orElse(false)) {
                found[index] = 0;
            }
            decision.entry().filter(entry -> !entry.recorded()).ifPresent(unknown::add);
            for (Candidate other : decision.others()) {
                delete(other);
            }
        } catch (IOException e) {
            LOG.warn("Of the {} files of {}, none could be verified; all remain", all.size(), key, e);
            if (!isRecorded) {
                unknown.add(files.get(0));
            }
        }
    }

    private void delete(Candidate other) throws IOException {
        if (mayDelete) {
            Files.deleteIfExists(layout.path(other.file()));
            leftovers++;
            LOG.info("Deleted {}, which was not finished, or is there a second time", layout.path(other.file()));
        }
    }
}
