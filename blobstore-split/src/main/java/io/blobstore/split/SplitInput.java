package io.blobstore.split;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Content while it is being cut: a {@link Splitter} inspects the next bytes, and consumes them by declaring them to a
 * {@link SplitSink}. Used by one thread.
 */
public interface SplitInput {
    /** The largest number of bytes to {@link #peek}: 1 MiB. */
    int MAX_PEEK = 1 << 20;

    /** Returns the number of bytes consumed so far, which is the offset of the next one. */
    long position();

    /**
     * Returns the next bytes without consuming them.
     *
     * @param length the number of bytes, 0 to {@value #MAX_PEEK}
     * @return a read-only buffer at position 0; has fewer than {@code length} bytes only if the input ends there. Valid
     *     until the next call of this input or its sink
     * @throws IOException if the input cannot be read
     */
    ByteBuffer peek(int length) throws IOException;

    /**
     * Returns {@code length}, or the number of bytes that are left if there are fewer. An input whose size is unknown
     * reads ahead, into a temporary file if necessary.
     *
     * @throws IOException if the input cannot be read
     */
    long available(long length) throws IOException;
}
