package io.blobstore.directory;

import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The selected files of a directory tree or below a prefix, found as they are read. Not thread-safe.
 *
 * <p>What cannot be read, or has an impossible name, is recorded as a failure of a {@link Tally}, which may throw it.
 */
interface EntryStream extends Closeable {
    /** A stream without entries. */
    EntryStream EMPTY = new EntryStream() {
        @Override
        public @Nullable DirectoryEntry next() {
            return null;
        }

        @Override
        public void close() {}
    };

    /** Returns the next entry; null if there is none. */
    @Nullable DirectoryEntry next() throws IOException;

    @Override
    void close() throws IOException;
}
