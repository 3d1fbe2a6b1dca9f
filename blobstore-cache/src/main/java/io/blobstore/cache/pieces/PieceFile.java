package io.blobstore.cache.pieces;

import io.blobstore.Crc32c;
import io.blobstore.internal.file.AtomicFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * The file of a piece while it is received, under a temporary name. What has arrived survives {@link #suspend}, after
 * which the next bytes can be written by another thread. Not thread-safe.
 */
final class PieceFile {
    final PieceId id;
    final int length;
    private final Path path;

    private @Nullable FileChannel channel;
    private int done;
    private Crc32c checksum = Crc32c.EMPTY;
    private int markedDone;
    private Crc32c markedChecksum = Crc32c.EMPTY;
    private Crc32c sinceMark = Crc32c.EMPTY;

    PieceFile(PieceId id, int length, Path path) {
        this.id = id;
        this.length = length;
        this.path = path;
    }

    /** Returns the number of bytes that have arrived. */
    int done() {
        return done;
    }

    /** Returns the number of bytes that have not arrived. */
    int missing() {
        return length - done;
    }

    /** Returns the checksum of the bytes that have arrived. */
    Crc32c checksum() {
        return checksum;
    }

    Path path() {
        return path;
    }

    /** Writes a direct buffer's remaining bytes after those that have arrived; its position advances. */
    void write(ByteBuffer content) throws IOException {
        FileChannel open = channel;
        if (open == null) {
            open = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            channel = open;
        }
        Crc32c arrived = Crc32c.of(content);
        int bytes = content.remaining();
        int end = content.limit();
        for (long at = done; content.position() < end; ) {
            content.limit(Math.min(end, content.position() + AtomicFile.MAX_WRITE));
            at += open.write(content, at);
        }
        checksum = checksum.combine(arrived, bytes);
        sinceMark = sinceMark.combine(arrived, bytes);
        done += bytes;
    }

    /** Remembers what has arrived so far. */
    void mark() {
        markedDone = done;
        markedChecksum = checksum;
        sinceMark = Crc32c.EMPTY;
    }

    /** Returns the number of bytes that had arrived when {@link #mark} was called. */
    int marked() {
        return markedDone;
    }

    /** Returns the checksum of the bytes that have arrived since then. */
    Crc32c receivedSinceMark() {
        return sinceMark;
    }

    /** Forgets what has arrived since the mark. */
    void rewind() {
        done = markedDone;
        checksum = markedChecksum;
    }

    /** Closes the file, which may be continued or published. Idempotent. */
    void suspend() throws IOException {
        FileChannel open = channel;
        channel = null;
        if (open != null) {
            open.close();
        }
    }

    /** Deletes the file. Idempotent. */
    void discard() throws IOException {
        try (Closeable ignored = this::suspend) {
            Files.deleteIfExists(path);
        }
    }
}
