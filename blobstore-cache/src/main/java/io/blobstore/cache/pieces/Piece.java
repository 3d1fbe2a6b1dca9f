package io.blobstore.cache.pieces;

import io.blobstore.Crc32c;
import java.util.concurrent.locks.ReentrantLock;

/** A piece on the disk: one object for each file. The mutable state belongs to {@link PieceIndex}. */
final class Piece {
    final PieceId id;
    final int length;
    final Crc32c checksum;
    /** Makes the file's name unique, so that deleting a file never deletes its successor. */
    final long serial;

    /** Held while the file is compared with its checksum. */
    final ReentrantLock verification = new ReentrantLock();

    /** Whether this process has written the file, or compared it with its checksum. */
    volatile boolean verified;

    // Guarded by the lock of the index:
    int pins;
    boolean removed;
    /** Whether a newer version of the blob is known. */
    boolean outdated;
    /** Counts uses: larger than that of the pieces that were used before. */
    long lastUse;

    Piece(PieceId id, int length, Crc32c checksum, long serial, boolean verified) {
        this.id = id;
        this.length = length;
        this.checksum = checksum;
        this.serial = serial;
        this.verified = verified;
    }

    /** Returns the bytes that a file of some length takes on the disk: whole blocks of 4 KiB. */
    static long onDisk(int length) {
        return (length + 4095L) & -4096L;
    }

    long onDisk() {
        return onDisk(length);
    }

    @Override
    public String toString() {
        return "piece " + id.number() + " of " + id.version().blob();
    }
}
