package io.blobstore.cas;

import io.blobstore.IntegrityException;
import io.blobstore.cas.internal.EntryReader;
import io.blobstore.zstd.internal.FrameTable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.Objects;

/**
 * The form in which content or a record is stored: what a client can be sent without work. Usable until the
 * {@link CachedContent} or {@link CachedRecord} that it comes from is closed. Thread-safe.
 */
public final class StoredContent {
    /** How content is stored. */
    public enum Encoding {
        /** The content as it is. */
        IDENTITY,
        /** Zstd frames, together a valid zstd file. It may begin with a skippable frame, which decoders ignore. */
        ZSTD
    }

    /**
     * A frame, from which on the stored form can be decoded.
     *
     * @param contentStart where its content begins in all of the content
     * @param contentEnd where its content ends
     * @param storedStart where it begins in the stored form
     * @param storedEnd where it ends in the stored form
     */
    public record Frame(long contentStart, long contentEnd, long storedStart, long storedEnd) {}

    private final LeasedEntry lease;
    private final Encoding encoding;
    private final long size;

    StoredContent(LeasedEntry lease) {
        this.lease = lease;
        EntryReader reader = lease.reader();
        encoding = reader != null && reader.encoding() == FrameTable.Encoding.ZSTD ? Encoding.ZSTD : Encoding.IDENTITY;
        size = reader == null ? 0 : reader.storedSize();
    }

    /** Returns the encoding. */
    public Encoding encoding() {
        return encoding;
    }

    /** Returns the number of bytes of the stored form. */
    public long size() {
        return size;
    }

    /**
     * Returns the frame that holds a byte of the content.
     *
     * @param contentOffset of the byte in the content
     * @throws IndexOutOfBoundsException if the content ends before
     * @throws IllegalStateException if the content is not stored in frames
     */
    public Frame frameAt(long contentOffset) {
        EntryReader reader = lease.reader();
        if (encoding != Encoding.ZSTD || reader == null) {
            throw new IllegalStateException("the content is not stored in frames");
        }
        FrameTable table = reader.table();
        int frame = table.frameAt(contentOffset);
        return new Frame(
                table.contentOffset(frame),
                table.contentOffset(frame + 1),
                table.storedOffset(frame),
                table.storedOffset(frame + 1));
    }

    /**
     * Reads bytes of the stored form into all that remains of a buffer, whose position advances to its limit.
     *
     * @param position of the first byte in the stored form
     * @throws IndexOutOfBoundsException if the stored form ends before
     * @throws IntegrityException if the file was truncated; it is removed from the cache then
     * @throws IllegalStateException if the content, or the cache, is closed
     */
    public void read(long position, ByteBuffer target) throws IOException {
        Objects.checkFromIndexSize(position, target.remaining(), size);
        lease.use(reader -> {
            if (reader != null) {
                reader.readStored(position, target);
            }
            return 0;
        });
    }

    /**
     * Transfers bytes of the stored form to a channel: to a socket without copying them in user space.
     *
     * @param position of the first byte in the stored form
     * @param count the number of bytes
     * @return the number of bytes transferred; less than wanted, 0 even, if a non-blocking channel takes no more now
     * @throws IndexOutOfBoundsException if the stored form ends before
     * @throws IntegrityException if the file was truncated; it is removed from the cache then
     * @throws IllegalStateException if the content, or the cache, is closed
     */
    public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
        Objects.checkFromIndexSize(position, count, size);
        return lease.use(reader -> reader == null ? 0 : reader.transferStored(position, count, target));
    }
}
