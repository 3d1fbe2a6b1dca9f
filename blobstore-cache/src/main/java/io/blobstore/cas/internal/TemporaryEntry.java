package io.blobstore.cas.internal;

import io.blobstore.cas.CacheFullException;
import io.blobstore.cas.Durability;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.LongConsumer;

/**
 * The file of an entry while it is written: a temporary file, which {@link #publish} renames when all of it is there.
 * It takes room in the cache as it grows. Used by one thread at a time, except for {@link #path()}.
 */
public final class TemporaryEntry implements Closeable {
    /** The most bytes per write, as in {@code AtomicFile}: larger ones can be several times slower. */
    private static final int MAX_WRITE = 128 << 10;

    private final CacheDirectory directory;
    private final Index index;
    private final EntryFiles files;
    private final Durability durability;
    private final Reservation room;
    private final LongConsumer refused;
    private final FileChannel channel;
    /** Where the file is now. */
    private volatile Path path;

    private long length;
    private boolean published;

    private TemporaryEntry(
            CacheDirectory directory,
            Index index,
            EntryFiles files,
            Durability durability,
            Reservation room,
            LongConsumer refused,
            Path path,
            FileChannel channel) {
        this.directory = directory;
        this.index = index;
        this.files = files;
        this.durability = durability;
        this.room = room;
        this.refused = refused;
        this.path = path;
        this.channel = channel;
    }

    /**
     * Creates an empty file.
     *
     * @param declared the size that the content is said to have, in bytes
     * @param refused receives a number of bytes for which there was no room
     * @throws IllegalArgumentException if that is more than the cache may have
     * @throws CacheFullException if there is no room
     */
    public static TemporaryEntry create(
            CacheDirectory directory,
            Index index,
            EntryFiles files,
            Durability durability,
            long declared,
            LongConsumer refused)
            throws IOException {
        Reservation room;
        try {
            room = index.reserve(declared);
        } catch (CacheFullException e) {
            refused.accept(declared);
            throw e;
        }
        try {
            Path path = directory.temporary();
            return new TemporaryEntry(directory, index, files, durability, room, refused, path, files.create(path));
        } catch (IOException e) {
            room.close();
            throw translated(e, refused, declared);
        } catch (RuntimeException | Error e) {
            room.close();
            throw e;
        }
    }

    /** Returns the length of the file in bytes. */
    public long length() {
        return length;
    }

    /** Returns where the file is now: it changes when the file is published. */
    public Path path() {
        return path;
    }

    /** Leaves a gap at the end, to be overwritten. */
    public void skip(int bytes) throws IOException {
        require(length + bytes);
        length += bytes;
    }

    private void require(long bytes) throws IOException {
        try {
            room.require(bytes);
        } catch (CacheFullException e) {
            refused.accept(bytes);
            throw e;
        }
    }

    /** Appends a buffer's remaining bytes, and advances its position. */
    public void append(ByteBuffer content) throws IOException {
        require(length + content.remaining());
        long start = length;
        length += content.remaining();
        write(content, start);
    }

    /** Writes a buffer's remaining bytes over bytes that there are, and advances its position. */
    public void overwrite(long offset, ByteBuffer content) throws IOException {
        write(content, offset);
    }

    private void write(ByteBuffer content, long offset) throws IOException {
        int limit = content.limit();
        long at = offset;
        try {
            while (content.position() < limit) {
                content.limit(Math.min(limit, content.position() + MAX_WRITE));
                at += channel.write(content, at);
            }
        } catch (IOException e) {
            throw translated(e);
        } finally {
            content.limit(limit);
        }
    }

    /**
     * Renames the file to that of an entry, with the durability of the cache, and adds the entry.
     *
     * @return the entry, in use until {@link Index#release}
     */
    public Entry publish(EntryKey key, EntryFile.Format format, long contentSize) throws IOException {
        try {
            if (durability != Durability.NONE) {
                channel.force(false);
            }
            channel.close();
        } catch (IOException e) {
            throw translated(e);
        }
        EntryFile file = directory.newFile(key, format, contentSize);
        Path place = directory.path(file);
        try {
            directory.publish(path, file, files);
        } catch (IOException e) {
            undo(file, e);
            throw translated(e);
        } catch (RuntimeException | Error e) {
            undo(file, e);
            throw e;
        }
        path = place;
        published = true;
        return index.commitAndAcquire(room, file, length);
    }

    /** Deletes a file that may have been renamed before the failure. */
    private void undo(EntryFile file, Throwable failure) {
        try {
            directory.delete(file);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    private IOException translated(IOException e) {
        return translated(e, refused, length);
    }

    private static IOException translated(IOException e, LongConsumer refused, long bytes) {
        String reason = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
        if (!reason.contains("no space left") && !reason.contains("quota exceeded")) {
            return e;
        }
        refused.accept(bytes);
        return new CacheFullException("the disk of the cache is full; free some space, or lower the maximum size", e);
    }

    /** Deletes the file and gives its room back, unless it was published. Idempotent. */
    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            try {
                if (!published) {
                    Files.deleteIfExists(path);
                }
            } finally {
                room.close();
            }
        }
    }
}
