package io.blobstore.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Creates files of incompressible content without duplicates. */
final class RandomFile {
    private static final int CHUNK = 128 * 1024;

    private RandomFile() {}

    /** Creates a new file. An interrupt ends it with {@link java.nio.channels.ClosedByInterruptException}. */
    static void create(Path path, long size, ProgressBar bar) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK).order(ByteOrder.nativeOrder());
        long state = 0;
        try (bar;
                FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            for (long at = 0; at < size; ) {
                state = fill(chunk, state);
                chunk.clear().limit((int) Math.min(CHUNK, size - at));
                while (chunk.hasRemaining()) {
                    at += channel.write(chunk);
                }
                bar.show(at, size);
            }
        }
    }

    /** SplitMix64: G. Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom Number Generators" (OOPSLA 2014). */
    private static long fill(ByteBuffer chunk, long seed) {
        long state = seed;
        for (int i = 0; i < CHUNK; i += Long.BYTES) {
            state += 0x9E3779B97F4A7C15L;
            long z = state;
            z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
            z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
            chunk.putLong(i, z ^ (z >>> 31));
        }
        return state;
    }
}
