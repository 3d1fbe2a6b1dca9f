package io.blobstore.zstd.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The hash XXH64 with seed 0, of which seek tables keep the lower half; see {@code doc/xxhash_spec.md} of xxHash. */
final class XxHash64 {
    private static final long P1 = 0x9E3779B185EBCA87L;
    private static final long P2 = 0xC2B2AE3D27D4EB4FL;
    private static final long P3 = 0x165667B19E3779F9L;
    private static final long P4 = 0x85EBCA77C2B2AE63L;
    private static final long P5 = 0x27D4EB2F165667C5L;

    private XxHash64() {}

    /** Computes the hash of a buffer's remaining bytes. The buffer's position and limit are unchanged. */
    static long of(ByteBuffer content) {
        ByteBuffer bytes = content.slice().order(ByteOrder.LITTLE_ENDIAN);
        int length = bytes.limit();
        int at = 0;
        long hash;
        if (length >= 32) {
            long a = 0x60EA27EEADC0B5D6L; // P1 + P2, which overflows
            long b = P2;
            long c = 0;
            long d = -P1;
            for (; at <= length - 32; at += 32) {
                a = round(a, bytes.getLong(at));
                b = round(b, bytes.getLong(at + 8));
                c = round(c, bytes.getLong(at + 16));
                d = round(d, bytes.getLong(at + 24));
            }
            hash = Long.rotateLeft(a, 1) + Long.rotateLeft(b, 7) + Long.rotateLeft(c, 12) + Long.rotateLeft(d, 18);
            hash = merge(merge(merge(merge(hash, a), b), c), d);
        } else {
            hash = P5;
        }
        hash += length;
        for (; at <= length - 8; at += 8) {
            hash = Long.rotateLeft(hash ^ round(0, bytes.getLong(at)), 27) * P1 + P4;
        }
        if (at <= length - 4) {
            hash = Long.rotateLeft(hash ^ (Integer.toUnsignedLong(bytes.getInt(at)) * P1), 23) * P2 + P3;
            at += 4;
        }
        for (; at < length; at++) {
            hash = Long.rotateLeft(hash ^ (Byte.toUnsignedLong(bytes.get(at)) * P5), 11) * P1;
        }
        hash = (hash ^ (hash >>> 33)) * P2;
        hash = (hash ^ (hash >>> 29)) * P3;
        return hash ^ (hash >>> 32);
    }

    private static long round(long lane, long input) {
        return Long.rotateLeft(lane + input * P2, 31) * P1;
    }

    private static long merge(long hash, long lane) {
        return (hash ^ round(0, lane)) * P1 + P4;
    }
}
