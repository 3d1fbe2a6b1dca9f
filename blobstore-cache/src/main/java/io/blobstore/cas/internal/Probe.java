package io.blobstore.cas.internal;

import io.blobstore.cas.Keyspace;
import io.blobstore.cas.internal.Duplicates.Candidate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongSupplier;

/**
 * Looks for files that an index does not know yet: of directories that are not listed yet, or of other processes.
 *
 * <p>A directory that has not changed since it was searched is not searched again: that costs one system call. Its time
 * of modification tells, if it was a second old or more when the directory was searched; file systems count it in steps
 * of some milliseconds. Thread-safe.
 */
final class Probe {
    private static final long UNKNOWN = Long.MIN_VALUE;
    private static final long SETTLED_MILLIS = 1000;

    private final Layout layout;
    private final Index index;
    private final LongSupplier clock;
    /** The times of modification, in milliseconds, of directories that were searched, and had settled. */
    private final AtomicLongArray searched = new AtomicLongArray(Codes.KEYSPACES * Layout.SHARDS);

    /**
     * Creates an object.
     *
     * @param clock the time in milliseconds of the epoch
     */
    Probe(Layout layout, Index index, LongSupplier clock) {
        this.layout = layout;
        this.index = index;
        this.clock = clock;
        for (int i = 0; i < searched.length(); i++) {
            searched.set(i, UNKNOWN);
        }
    }

    /**
     * Looks for the file of a key, and adds it to the index.
     *
     * @param loading whether the directory is being listed: then the other files are added in their order by that, and
     *     it also decides about several files of the key
     */
    Optional<EntryFile> find(EntryKey key, boolean loading) throws IOException {
        Keyspace keyspace = key.keyspace();
        int shard = Layout.shardOf(key.hash());
        Path directory = layout.shard(keyspace, shard);
        int slot = Codes.of(keyspace) * Layout.SHARDS + shard;
        long modified;
        try {
            modified = Files.getLastModifiedTime(directory).toMillis();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        if (!loading && searched.get(slot) == modified) {
            return Optional.empty();
        }
        long now = clock.getAsLong();
        List<EntryFile> files = search(keyspace, directory);
        if (loading) {
            List<EntryFile> ofKey =
                    files.stream().filter(file -> file.key().equals(key)).toList();
            return ofKey.size() == 1 ? add(ofKey, key) : Optional.empty();
        }
        Optional<EntryFile> found = add(files, key);
        if (modified + SETTLED_MILLIS <= now) {
            searched.set(slot, modified);
        }
        return found;
    }

    private static List<EntryFile> search(Keyspace keyspace, Path directory) {
        String[] names = directory.toFile().list();
        List<EntryFile> files = new ArrayList<>();
        EntryName parser = new EntryName();
        for (String name : names == null ? new String[0] : names) {
            if (parser.parse(keyspace, name)) {
                files.add(parser.file());
            }
        }
        return files;
    }

    /** Adds those files that the index does not know; returns that of the key. */
    private Optional<EntryFile> add(List<EntryFile> files, EntryKey key) throws IOException {
        List<Candidate> ofKey = new ArrayList<>();
        for (EntryFile file : files) {
            if (file.key().equals(key)) {
                ShardListing.candidate(layout, file, false).ifPresent(ofKey::add);
            } else if (index.peek(file.key()).isEmpty()) {
                ShardListing.candidate(layout, file, false)
                        .ifPresent(candidate -> index.load(candidate.file(), candidate.storedSize(), Index.NOW));
            }
        }
        Optional<Candidate> entry = ofKey.size() > 1
                ? Duplicates.decide(layout, ofKey).entry()
                : ofKey.stream().findFirst();
        if (entry.isPresent() && index.load(entry.get().file(), entry.get().storedSize(), Index.NOW)) {
            return entry.map(Candidate::file);
        }
        return Optional.empty();
    }
}
