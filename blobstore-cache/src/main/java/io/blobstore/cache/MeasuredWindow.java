package io.blobstore.cache;

import io.blobstore.BlobTarget;
import io.blobstore.Crc32c;
import io.blobstore.TargetException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A window that counts what is put into another one, and computes its checksum in place. Belongs to one read; closing
 * it closes nothing. Not thread-safe.
 */
final class MeasuredWindow implements BlobTarget.Window {
    private final BlobTarget.Window target;
    private final CRC32C crc = new CRC32C();
    private long length;
    private @Nullable ByteBuffer current;
    /** Where in the current buffer the bytes begin that were not counted yet. */
    private int from;

    MeasuredWindow(BlobTarget.Window target) {
        this.target = target;
    }

    /** Returns the number of bytes that were put. */
    long length() {
        measure();
        return length;
    }

    /** Returns the checksum of these bytes. */
    Crc32c checksum() {
        measure();
        return new Crc32c((int) crc.getValue());
    }

    @Override
    public long remaining() {
        return target.remaining();
    }

    @Override
    public ByteBuffer buffer() throws TargetException {
        measure();
        current = null; // if the target fails, its buffer is undefined
        ByteBuffer buffer = target.buffer();
        current = buffer;
        from = buffer.position();
        return buffer;
    }

    @Override
    public void flush() throws TargetException {
        measure();
        current = null; // the target may rewind its buffer
        target.flush();
    }

    private void measure() {
        ByteBuffer buffer = current;
        if (buffer != null && buffer.position() > from) {
            int bytes = buffer.position() - from;
            crc.update(buffer.slice(from, bytes));
            length += bytes;
            from = buffer.position();
        }
    }
}
