package io.blobstore.split.internal.blocks;

import io.blobstore.split.SplitInput;
import io.blobstore.split.SplitSink;
import io.blobstore.split.Splitter;
import java.io.IOException;

/**
 * Makes each block an object; the last one may be shorter.
 *
 * @param blockSize in bytes: a power of two from 64 KiB to 16 MiB
 */
public record FixedSplitter(int blockSize) implements Splitter {
    private static final int MIN = 64 << 10;
    private static final int MAX = 16 << 20;

    /** Creates a splitter. */
    public FixedSplitter {
        if (blockSize < MIN || blockSize > MAX || Integer.bitCount(blockSize) != 1) {
            throw new IllegalArgumentException(
                    "a block size is a power of two from " + MIN + " to " + MAX + " bytes; got " + blockSize);
        }
    }

    @Override
    public void split(SplitInput input, SplitSink sink) throws IOException {
        for (long bytes = input.available(blockSize); bytes > 0; bytes = input.available(blockSize)) {
            sink.object(bytes, null);
        }
    }
}
