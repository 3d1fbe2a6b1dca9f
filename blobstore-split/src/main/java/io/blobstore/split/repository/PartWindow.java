package io.blobstore.split.repository;

import io.blobstore.BlobTarget;
import io.blobstore.TargetException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/**
 * The next bytes of another window. Digests them in order if there is a digest. Flushing makes the other window see
 * them, and does not flush it.
 */
final class PartWindow implements BlobTarget.Window {
    private static final ByteBuffer NONE = ByteBuffer.allocate(0);

    private final BlobTarget.Window window;
    private final @Nullable MessageDigest digest;
    private final byte[] block;
    private long left;
    /** The memory of the other window, and the slice of it that was handed out. */
    private ByteBuffer whole = NONE;

    private ByteBuffer slice = NONE;

    PartWindow(BlobTarget.Window window, long size, @Nullable MessageDigest digest) {
        this.window = window;
        this.left = size;
        this.digest = digest;
        this.block = new byte[digest == null ? 0 : 4096];
    }

    @Override
    public long remaining() {
        return left - slice.position();
    }

    @Override
    public ByteBuffer buffer() throws TargetException {
        advance();
        whole = window.buffer();
        slice = whole.slice(whole.position(), (int) Math.min(whole.remaining(), left));
        return slice;
    }

    @Override
    public void flush() {
        advance();
        whole = NONE;
        slice = NONE;
    }

    /** Moves the other window past the bytes that were put into the slice. */
    private void advance() {
        int bytes = slice.position();
        if (bytes > 0) {
            if (digest != null) {
                WholeDigest.update(digest, slice.duplicate().flip(), block);
            }
            whole.position(whole.position() + bytes);
            left -= bytes;
            slice = NONE;
        }
    }
}
