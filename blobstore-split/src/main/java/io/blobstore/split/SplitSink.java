package io.blobstore.split;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Receives the cuts of a {@link Splitter}. Each one consumes the next bytes of the input. Used by one thread. */
public interface SplitSink {
    /**
     * Declares the next bytes inline: the stream itself holds them. Neighbours are joined.
     *
     * @param length in bytes; 0 has no effect
     * @throws IOException if the input ends before, or the bytes cannot be processed
     */
    void inline(long length) throws IOException;

    /**
     * Declares the next bytes an object. They need not be {@linkplain SplitInput#available available} yet: those of a
     * large object are processed while they arrive.
     *
     * @param length in bytes, 1 or more
     * @param entry the name of the file inside the input, for messages of errors; null if it has none
     * @throws java.io.EOFException if the input ends before; nothing was consumed
     * @throws IOException if the input cannot be read, or the bytes cannot be processed
     */
    void object(long length, @Nullable String entry) throws IOException;
}
