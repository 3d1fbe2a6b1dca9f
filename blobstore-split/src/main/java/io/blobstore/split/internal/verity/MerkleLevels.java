package io.blobstore.split.internal.verity;

import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.DigestException;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * The levels of a Merkle tree above its data blocks. The digests of the blocks of one level, one after another, are the
 * content of the level above it, in blocks of {@value #BLOCK} bytes of which the last one is padded with zeros. The
 * tree ends with the level that consists of one digest.
 *
 * <p>Keeps the block under construction of each level. Not thread-safe.
 */
final class MerkleLevels {
    /** The size of a block in bytes, of data and of digests. */
    static final int BLOCK = 4096;

    /** Enough for 2^63 bytes: a block holds at least 64 digests, so that each level divides by 64. */
    private static final int MAX_LEVELS = 10;

    private static final int DESCRIPTOR_BYTES = 256;
    private static final int DESCRIPTOR_SIZE = 8;
    private static final int DESCRIPTOR_ROOT = 16;

    private final ObjectHash hash;
    private final MessageDigest digest;
    private final int digestBytes;
    private final byte[][] blocks = new byte[MAX_LEVELS][];
    /** How many bytes of each block are filled; a full block remains until the next digest comes. */
    private final int[] filled = new int[MAX_LEVELS];

    private int levels;

    MerkleLevels(ObjectHash hash) {
        this.hash = hash;
        this.digest = hash.newMessageDigest();
        this.digestBytes = hash.bytes();
    }

    /** Hashes a block into an array, at an offset. */
    void hash(byte[] block, byte[] target, int offset) {
        digest.update(block, 0, BLOCK);
        try {
            digest.digest(target, offset, digestBytes);
        } catch (DigestException e) {
            throw new IllegalStateException(e); // the array has room
        }
    }

    /** Adds the digest of a block of data, or of a block of {@code level}. */
    void add(byte[] source, int offset, int level) {
        int at = slot(level);
        System.arraycopy(source, offset, blocks[level], at, digestBytes);
    }

    /** Hashes a block of data and adds its digest. */
    void addHashOf(byte[] block) {
        int at = slot(0);
        hash(block, blocks[0], at);
    }

    /** Makes room for another digest, and returns its offset in the block of its level. */
    private int slot(int level) {
        if (level == levels) {
            if (blocks[level] == null) {
                blocks[level] = new byte[BLOCK];
            }
            filled[level] = 0;
            levels++;
        } else if (filled[level] == BLOCK) {
            // Only now, as a level of one block is the last one if no other digest follows.
            int above = slot(level + 1);
            hash(blocks[level], blocks[level + 1], above);
            filled[level] = 0;
        }
        int at = filled[level];
        filled[level] = at + digestBytes;
        return at;
    }

    /**
     * Ends the tree, and clears this object for the next one.
     *
     * @param size the number of bytes of data
     */
    ObjectId end(long size) {
        byte[] descriptor = new byte[DESCRIPTOR_BYTES]; // struct fsverity_descriptor, as it is hashed
        descriptor[0] = 1; // version
        descriptor[1] = (byte) hash.code();
        descriptor[2] = 12; // log2 of the block size
        ByteBuffer.wrap(descriptor).order(ByteOrder.LITTLE_ENDIAN).putLong(DESCRIPTOR_SIZE, size);
        root(descriptor, DESCRIPTOR_ROOT); // stays zero if there are no data
        return ObjectId.of(hash, digest.digest(descriptor));
    }

    /** Ends the tree with its root alone. */
    void root(byte[] target, int offset) {
        for (int level = 0; level < levels; level++) {
            if (level == levels - 1 && filled[level] == digestBytes) {
                System.arraycopy(blocks[level], 0, target, offset, digestBytes);
                break;
            }
            closeBlock(level);
        }
        levels = 0;
    }

    /** Pads the last block of a level and adds its digest to the level above, which may be a new one. */
    private void closeBlock(int level) {
        Arrays.fill(blocks[level], filled[level], BLOCK, (byte) 0);
        int above = slot(level + 1);
        hash(blocks[level], blocks[level + 1], above);
    }

    /** Ends a tree of one level: hashes its only block, padded with zeros. */
    void hashOfOnlyBlock(byte[] target, int offset) {
        Arrays.fill(blocks[0], filled[0], BLOCK, (byte) 0);
        hash(blocks[0], target, offset);
        levels = 0;
    }

    /** Forgets an unfinished tree. */
    void reset() {
        levels = 0;
    }
}
