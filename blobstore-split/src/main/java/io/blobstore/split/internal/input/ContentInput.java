package io.blobstore.split.internal.input;

import io.blobstore.RetainedSource;
import io.blobstore.split.SplitInput;
import java.io.Closeable;
import java.io.IOException;

/**
 * Content that is cut, and whose consumed bytes stay readable for those who process them. Used by one thread, the
 * parser's, except for what {@link #retain} returns.
 */
public interface ContentInput extends SplitInput, Closeable {
    /**
     * Consumes the next bytes, which are kept until they are forgotten.
     *
     * @throws java.io.EOFException if the input ends before
     * @throws IOException if the input cannot be read
     */
    void consume(long length) throws IOException;

    /**
     * Consumes the next bytes like {@link #consume(long)}, and reports on the way which of them have arrived: these can
     * be {@linkplain #retain retained}.
     *
     * @param section the number of bytes that are reported at once, except for the last ones
     */
    default void consume(long length, int section, Arrival arrival) throws IOException {
        long offset = position();
        for (long told = 0; told < length; ) {
            long step = Math.min(section, length - told);
            if (available(told + step) < told + step) {
                break;
            }
            arrival.arrived(offset + told, step);
            told += step;
        }
        consume(length);
    }

    /** Is told which bytes have arrived. */
    @FunctionalInterface
    interface Arrival {
        /** Receives the offset in the input, and the number of bytes. */
        void arrived(long offset, long length) throws IOException;
    }

    /**
     * Returns bytes that were inspected or consumed, and not forgotten: readable, by any thread, until they are closed.
     *
     * @param offset in the input, in bytes
     */
    RetainedSource retain(long offset, long length);

    /**
     * Returns consumed bytes as {@link #retain} does, without a check of the file whenever they are read, which takes
     * longer than reading a few of them. So check from time to time, and before what was read is relied on.
     *
     * @param offset in the input, in bytes
     */
    default RetainedSource retainUnchecked(long offset, long length) {
        return retain(offset, length);
    }

    /** Forgets the consumed bytes before an offset; what was retained of them stays readable. */
    void forget(long before);

    /** Returns how many consumed bytes may be kept before they must be forgotten. */
    long maxKept();

    /**
     * Checks that what was read is still the content.
     *
     * @throws io.blobstore.SourceChangedException if it is not
     */
    void checkUnchanged() throws IOException;

    /** Releases all memory, also what is retained: no other thread may use it any more. Idempotent. */
    @Override
    void close() throws IOException;
}
