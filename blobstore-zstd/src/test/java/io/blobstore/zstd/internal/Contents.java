package io.blobstore.zstd.internal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

/** Contents of tests. */
public final class Contents {
    private Contents() {}

    /** Returns bytes that cannot be compressed. */
    public static byte[] random(long seed, int size) {
        byte[] bytes = new byte[size];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }

    /** Returns lines of a log that compress to a third or less. */
    public static byte[] text(long seed, int size) {
        SplittableRandom random = new SplittableRandom(seed);
        ByteBuffer text = ByteBuffer.allocate(size);
        while (text.hasRemaining()) {
            byte[] line = ("2026-11-29 INFO entry " + Long.toHexString(random.nextLong())
                            + " was stored in the cache\n")
                    .getBytes(StandardCharsets.US_ASCII);
            text.put(line, 0, Math.min(line.length, text.remaining()));
        }
        return text.array();
    }

    /** Returns a direct buffer with these bytes, at position 0. */
    public static ByteBuffer direct(byte[] bytes) {
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }
}
