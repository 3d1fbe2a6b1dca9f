package io.blobstore.cas.internal;

import io.blobstore.BlobSource;
import io.blobstore.Sha256;
import io.blobstore.zstd.internal.FrameDecoder;
import io.blobstore.zstd.internal.IdleObjects;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Writes content into a {@link TemporaryEntry}, in one of the formats. Used by one thread, except for the methods that
 * read.
 */
public interface EntryWriter extends Closeable {
    /**
     * Appends content.
     *
     * @param content of which all pieces but the last have the size that {@link #pieceSize} returns
     * @param done run exactly once, by any thread, when the content is no longer touched
     */
    void add(BlobSource content, Runnable done) throws IOException;

    /** Makes readable what is ready for it, without waiting. */
    void flush() throws IOException;

    /** Returns how many bytes of content are added at a time. */
    int pieceSize();

    /** Returns the format. */
    EntryFile.Format format();

    /** Completes the file, and returns the SHA-256 of the content. */
    Sha256 finish() throws IOException;

    /** Returns how many bytes of content can be read. May be called by any thread. */
    long readable();

    /**
     * Reads content from the file, by any thread.
     *
     * @param channel of the file
     * @param offset less than {@link #readable}
     * @return the number of bytes that were put into the target, 1 or more if it has room
     */
    int read(EntryChannel channel, IdleObjects<FrameDecoder> decoders, long offset, ByteBuffer target)
            throws IOException;

    /** Attaches to the entry of the file what was learned while writing. */
    void describe(Entry entry);

    /** Waits until no thread touches the content, and releases the memory. Idempotent. */
    @Override
    void close();
}
