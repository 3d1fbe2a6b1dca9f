package io.blobstore.cache;

import io.blobstore.BlobMetadata;
import io.blobstore.BlobTarget;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.TargetException;
import io.blobstore.cas.ContentWriter;
import io.blobstore.cas.Digest;
import io.blobstore.cas.DigestMismatchException;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Passes on what a download delivers to a writer of the cache, while it arrives. The download uses one window after
 * another, in order.
 *
 * <p>A failed attempt may have delivered bytes that the next one delivers again. They were passed on already, so that
 * only their checksum is compared. Not thread-safe.
 */
final class FillTarget implements BlobTarget, BlobTarget.Writer {
    /** Small enough that content is hashed and compressed while it is in a core's cache. */
    private static final int BUFFER = 256 * 1024;

    private final Fill fill;
    private final ContentWriter writer;
    private final Committed committed;
    /** The number of bytes that the download counts as arrived. */
    private long accepted;
    /** The number of bytes that were passed on. */
    private long written;

    private Crc32c checksum = Crc32c.EMPTY;
    /** The checksum of the bytes that were passed on, but do not count as arrived. */
    private Crc32c unaccepted = Crc32c.EMPTY;

    /** Runs when the content is in the cache. */
    interface Committed {
        void run(Digest content, Crc32c checksum) throws IOException;
    }

    FillTarget(Fill fill, ContentWriter writer, Committed committed) {
        this.fill = fill;
        this.writer = writer;
        this.committed = committed;
    }

    @Override
    public long room() {
        return fill.blob().size();
    }

    @Override
    public Writer open() {
        return this;
    }

    @Override
    public void reserve(long length) throws TargetException {
        if (length != fill.blob().size()) {
            throw wrong("the store returns " + length + " bytes of a blob that has "
                    + fill.blob().size());
        }
    }

    @Override
    public Window window(long offset, long length) {
        if (offset != accepted) {
            throw new IllegalArgumentException("expected the bytes at " + accepted + ", got those at " + offset);
        }
        return new Passing(length);
    }

    /** Commits the content, whose checksum the download has compared with that of the store, if there is one. */
    @Override
    public void commit(long length) throws TargetException {
        BlobMetadata blob = fill.blob();
        if (written != blob.size() || !blob.checksum().orElse(checksum).equals(checksum)) {
            throw wrong("its content has " + written + " bytes and " + checksum + ", but the store reports "
                    + blob.size() + " and " + blob.checksum().orElse(checksum));
        }
        fill.quiesce();
        try {
            Digest content = writer.commit();
            fill.setCommitted();
            committed.run(content, checksum);
        } catch (DigestMismatchException e) {
            throw wrong("its content is not the one that this version had: " + e.getMessage());
        } catch (IOException e) {
            throw refused(e);
        }
    }

    /** Does nothing: the fill closes the writer when its waiters have left. */
    @Override
    public void close() {}

    private void pass(ByteBuffer content) throws TargetException {
        int bytes = content.remaining();
        Crc32c added = Crc32c.of(content);
        unaccepted = unaccepted.combine(added, bytes);
        checksum = checksum.combine(added, bytes);
        written += bytes;
        try {
            writer.write(content);
        } catch (IOException e) {
            throw refused(e);
        }
        fill.progressed();
    }

    private TargetException wrong(String problem) {
        IntegrityException cause = new IntegrityException(
                Operation.READ, fill.blob().key(), problem + "; the content must not be used: read again", null);
        fill.blame(FillOutcome.WRONG, cause);
        return new TargetException("cache", problem, cause);
    }

    private TargetException refused(IOException cause) {
        fill.blame(FillOutcome.REFUSED, cause);
        return new TargetException("cache", String.valueOf(cause.getMessage()), cause);
    }

    /** Passes on what is put, as soon as its buffer is full. */
    private final class Passing implements Window {
        private final PooledBuffer memory = DirectBufferPool.shared().take(BUFFER);
        private final ByteBuffer buffer = memory.buffer();
        /** The number of bytes not passed on yet, which begin at the buffer's first byte. */
        private long left;
        /** The offset of the buffer's first byte. */
        private long at = accepted;
        /** The checksum of the bytes that this window delivered again. */
        private Crc32c again = Crc32c.EMPTY;

        Passing(long length) {
            left = length;
            buffer.clear().limit((int) Math.min(BUFFER, left));
        }

        @Override
        public long remaining() {
            return left - buffer.position();
        }

        @Override
        public ByteBuffer buffer() throws TargetException {
            memory.buffer(); // fails once the window is closed
            if (!buffer.hasRemaining()) {
                pass();
            }
            return buffer;
        }

        private void pass() throws TargetException {
            ByteBuffer filled = buffer.duplicate().flip();
            int bytes = filled.remaining();
            if (at < written) {
                compare(filled);
            }
            if (filled.hasRemaining()) {
                FillTarget.this.pass(filled);
            }
            at += bytes;
            left -= bytes;
            buffer.clear().limit((int) Math.min(BUFFER, left));
        }

        private void compare(ByteBuffer filled) throws TargetException {
            int bytes = (int) Math.min(filled.remaining(), written - at);
            again = again.combine(Crc32c.of(filled.slice(filled.position(), bytes)), bytes);
            filled.position(filled.position() + bytes);
            if (at + bytes == written && !again.equals(unaccepted)) {
                throw wrong("the store returned different bytes when it was asked again");
            }
        }

        /** Counts what was put as arrived: the download does not ask for it again. */
        @Override
        public void flush() throws TargetException {
            memory.buffer();
            pass();
            // What is left of the unaccepted bytes are those that this window did not deliver again.
            long rest = written - at;
            unaccepted = rest == 0
                    ? Crc32c.EMPTY
                    : new Crc32c(unaccepted.value()
                            ^ again.combine(Crc32c.EMPTY, rest).value());
            again = Crc32c.EMPTY;
            accepted = at;
        }

        @Override
        public void close() {
            memory.close();
        }
    }
}
