package io.blobstore.cas.internal;

import io.blobstore.cas.CacheOptions;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** The directory of a cache and its state beside it: names, locks, journal, listing. Thread-safe. */
public final class CacheDirectory implements Closeable {
    private CacheDirectory() {}

    /** Creates what is missing, locks the directory, migrates older layouts, and deletes unfinished files. */
    public static CacheDirectory open(Path directory, CacheOptions options) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Returns the journal that an index writes to. */
    public IndexLog journal() {
        throw new UnsupportedOperationException();
    }

    /** Begins to fill an index with the entries that are there, in the background, in the order of their last use. */
    public void load(Index index) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Returns whether the listing goes on. */
    public boolean isLoading() {
        throw new UnsupportedOperationException();
    }

    /**
     * Looks for the file of a key that the index does not know: one that is not listed yet, or of another process.
     * Adds it to the index.
     */
    public Optional<EntryFile> probe(EntryKey key) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Returns the path of an entry's file. */
    public Path path(EntryFile file) {
        throw new UnsupportedOperationException();
    }

    /** Returns a new path for a file that is not finished. */
    public Path temporary() {
        throw new UnsupportedOperationException();
    }

    /** Returns a file with a new name. */
    public EntryFile newFile(EntryKey key, EntryFile.Format format, long contentSize) {
        throw new UnsupportedOperationException();
    }

    /** Moves a finished file to its place, with the durability of the options. */
    public void publish(Path temporary, EntryFile file) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Deletes the file of an entry. */
    public void delete(EntryFile file) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Returns the directory of the state. */
    public Path stateDirectory() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() throws IOException {
        throw new UnsupportedOperationException();
    }
}
