package io.blobstore.directory;

import io.blobstore.BlobKey;
import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The files of a source and a target, side by side: both streams are in the order of keys. Not thread-safe. */
final class Pairs implements Closeable {
    private final EntryStream sources;
    private final EntryStream targets;
    private boolean begun;
    private @Nullable DirectoryEntry source;
    private @Nullable DirectoryEntry target;

    Pairs(EntryStream sources, EntryStream targets) {
        this.sources = sources;
        this.targets = targets;
    }

    /**
     * A file of the source, of the target, or of both.
     *
     * @param source null if only the target has it
     * @param target null if only the source has it
     */
    record Pair(@Nullable DirectoryEntry source, @Nullable DirectoryEntry target) {}

    /** Returns the next pair; null if there is none. */
    @Nullable Pair next() throws IOException {
        if (!begun) {
            source = sources.next();
            target = targets.next();
            begun = true;
        }
        DirectoryEntry first = source;
        DirectoryEntry second = target;
        int order = order(first, second);
        Pair pair = new Pair(order <= 0 ? first : null, order >= 0 ? second : null);
        if (order <= 0 && first != null) {
            source = sources.next();
        }
        if (order >= 0 && second != null) {
            target = targets.next();
        }
        return first == null && second == null ? null : pair;
    }

    private static int order(@Nullable DirectoryEntry source, @Nullable DirectoryEntry target) {
        if (source == null || target == null) {
            return source == null ? (target == null ? 0 : 1) : -1;
        }
        return BlobKey.of(source.path()).compareTo(BlobKey.of(target.path()));
    }

    @Override
    public void close() throws IOException {
        try (sources) {
            targets.close();
        }
    }
}
