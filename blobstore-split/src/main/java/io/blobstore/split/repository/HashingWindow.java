package io.blobstore.split.repository;

import io.blobstore.BlobTarget;
import io.blobstore.TargetException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * Digests the bytes that are put into another window, while they are in its buffers. Closing is up to the other one.
 */
final class HashingWindow implements BlobTarget.Window {
    private final BlobTarget.Window window;
    private final Consumer<ByteBuffer> digest;
    private ByteBuffer filling = ByteBuffer.allocate(0);
    /** The position in the filled buffer up to which its bytes are digested. */
    private int digested;

    HashingWindow(BlobTarget.Window window, Consumer<ByteBuffer> digest) {
        this.window = window;
        this.digest = digest;
    }

    @Override
    public long remaining() {
        return window.remaining();
    }

    @Override
    public ByteBuffer buffer() throws TargetException {
        digestFilled();
        filling = window.buffer();
        digested = filling.position();
        return filling;
    }

    @Override
    public void flush() throws TargetException {
        digestFilled();
        window.flush();
        filling = ByteBuffer.allocate(0);
        digested = 0;
    }

    private void digestFilled() {
        int end = filling.position();
        if (end > digested) {
            digest.accept(filling.duplicate().position(digested).limit(end));
            digested = end;
        }
    }

    @Override
    public void close() {}
}
