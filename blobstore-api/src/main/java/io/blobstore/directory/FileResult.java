package io.blobstore.directory;

import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The outcome of one file of a directory transfer. Immutable. */
public final class FileResult {
    /** What was done. */
    public enum Outcome {
        /** The file was transferred. */
        TRANSFERRED,
        /** The target has the file already, as the {@link Comparison} says. */
        UNCHANGED,
        /** The file was deleted from the target. */
        DELETED,
        /** The file could not be transferred, compared or deleted. */
        FAILED
    }

    private final String path;
    private final long size;
    private final Outcome outcome;
    private final @Nullable IOException failure;

    private FileResult(String path, long size, Outcome outcome, @Nullable IOException failure) {
        this.path = path;
        this.size = size;
        this.outcome = outcome;
        this.failure = failure;
    }

    static FileResult of(DirectoryEntry entry, Outcome outcome) {
        return new FileResult(entry.path(), entry.size(), outcome, null);
    }

    static FileResult failed(String path, IOException failure) {
        return new FileResult(path, 0, Outcome.FAILED, failure);
    }

    /**
     * Returns the path relative to the directory or the prefix, with '/' between its names. It ends with '/' for a
     * directory that could not be read.
     */
    public String path() {
        return path;
    }

    /** Returns the size in bytes; 0 for a failure. */
    public long size() {
        return size;
    }

    /** Returns what was done; in a dry run, what would have been done. */
    public Outcome outcome() {
        return outcome;
    }

    /** Returns why the file failed; empty for other outcomes. */
    public Optional<IOException> failure() {
        return Optional.ofNullable(failure);
    }

    @Override
    public String toString() {
        return "FileResult[path=" + path + ", size=" + size + ", outcome=" + outcome + ", failure=" + failure + "]";
    }
}
