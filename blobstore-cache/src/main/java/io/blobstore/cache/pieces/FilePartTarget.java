package io.blobstore.cache.pieces;

import io.blobstore.BlobTarget;
import io.blobstore.TargetException;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.internal.file.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;

/** A part of a file as the target of a transfer. Writes by write(2), so that a full disk is an error. Thread-safe. */
public final class FilePartTarget implements BlobTarget {
    /** Small enough that content is written while it is in a core's own cache; as for downloads into files. */
    private static final int BUFFER = 256 << 10;

    private final AtomicFile file;
    private final long offset;
    private final long length;

    /**
     * Creates a target for a part of a file, which must stay open during the transfer.
     *
     * @param offset the offset of the part in the file
     * @param length the number of bytes
     */
    public FilePartTarget(AtomicFile file, long offset, long length) {
        this.file = file;
        this.offset = offset;
        this.length = length;
    }

    @Override
    public long room() {
        return length;
    }

    @Override
    public Writer open() {
        return new Writer() {
            @Override
            public BlobTarget.Window window(long from, long bytes) {
                Objects.checkFromIndexSize(from, bytes, length);
                return new Window(file.section(offset + from), bytes);
            }

            @Override
            public void commit(long written) {
                // the content is in place
            }

            @Override
            public void close() {
                // the file is the caller's
            }
        };
    }

    private final class Window implements BlobTarget.Window {
        private final AtomicFile.Section section;
        private final PooledBuffer memory = DirectBufferPool.shared().take(BUFFER);
        private final ByteBuffer buffer = memory.buffer();
        /** The bytes that were not written yet, which begin at the buffer's first byte. */
        private long unwritten;

        Window(AtomicFile.Section section, long length) {
            this.section = section;
            moveTo(length);
        }

        private void moveTo(long left) {
            unwritten = left;
            buffer.clear().limit((int) Math.min(BUFFER, left));
        }

        @Override
        public long remaining() {
            return unwritten - buffer.position();
        }

        @Override
        public ByteBuffer buffer() throws TargetException {
            memory.buffer(); // fails once the window is closed
            if (!buffer.hasRemaining()) {
                flush();
            }
            return buffer;
        }

        @Override
        public void flush() throws TargetException {
            ByteBuffer filled = memory.buffer().duplicate().flip();
            int bytes = filled.remaining();
            if (bytes > 0) {
                try {
                    section.write(filled);
                } catch (IOException e) {
                    throw failed(e);
                }
                moveTo(unwritten - bytes);
            }
        }

        @Override
        public void close() throws TargetException {
            try {
                section.close();
            } catch (IOException e) {
                throw failed(e);
            } finally {
                memory.close();
            }
        }

        private TargetException failed(IOException cause) {
            return new TargetException("file " + file.temporary(), String.valueOf(cause.getMessage()), cause);
        }
    }
}
