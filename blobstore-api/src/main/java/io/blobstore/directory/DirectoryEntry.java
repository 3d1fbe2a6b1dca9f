package io.blobstore.directory;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A file of a directory tree, or a blob below a prefix. Immutable. */
public final class DirectoryEntry {
    private final String path;
    private final long size;
    private final Optional<Instant> lastModified;

    DirectoryEntry(String path, long size, Optional<Instant> lastModified) {
        this.path = path;
        this.size = size;
        this.lastModified = lastModified;
    }

    /** Returns the path relative to the directory or the prefix, with '/' between its names. */
    public String path() {
        return path;
    }

    /** Returns the size in bytes. */
    public long size() {
        return size;
    }

    /** Returns when a file was modified, or a blob was stored; empty if the server lists no valid time. */
    public Optional<Instant> lastModified() {
        return lastModified;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof DirectoryEntry that
                && path.equals(that.path)
                && size == that.size
                && lastModified.equals(that.lastModified);
    }

    @Override
    public int hashCode() {
        return Objects.hash(path, size, lastModified);
    }

    @Override
    public String toString() {
        return "DirectoryEntry[path=" + path + ", size=" + size + ", lastModified=" + lastModified + "]";
    }
}
