package io.blobstore.cli;

import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.UUID;

/**
 * Has the JVM replace SHA-256 by the processor's instructions while the command starts, on a core that has nothing to
 * do yet. Until it does so, after some thousand calls, hashing takes some hundred times as long.
 */
final class HashWarmUp {
    private static final int BLOCK = 4096;
    /** Takes 10 ms after the replacement. */
    private static final int BLOCKS = 4096;

    /**
     * Temporary files have random names, for which the JDK uses SHA-1. If the JVM had not met that yet, it would
     * discard the code for SHA-256 when the command creates one.
     */
    private static final int NAMES = 20;

    /** Where there are no such instructions, it ends as early as the command's own hashing may begin. */
    private static final long MAX_NANOS = Duration.ofMillis(200).toNanos();

    private HashWarmUp() {}

    /** Starts to hash on a thread of its own, which soon ends. */
    static void start() {
        Thread thread = new Thread(HashWarmUp::run, "blobstore-hash-warm-up");
        thread.setDaemon(true);
        thread.start();
    }

    private static void run() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] block = new byte[BLOCK];
            long start = System.nanoTime();
            for (int i = 0; i < BLOCKS && System.nanoTime() - start < MAX_NANOS; i++) {
                if (i < NAMES) {
                    UUID.randomUUID();
                }
                digest.update(block);
                digest.digest(block, 0, digest.getDigestLength());
            }
        } catch (NoSuchAlgorithmException | DigestException e) {
            throw new IllegalStateException("each JDK has SHA-256", e);
        }
    }
}
