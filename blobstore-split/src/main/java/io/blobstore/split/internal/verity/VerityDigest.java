package io.blobstore.split.internal.verity;

import static io.blobstore.split.internal.verity.MerkleLevels.BLOCK;

import io.blobstore.BlobSource;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Computes ids of objects: fs-verity digests with blocks of 4 KiB and no salt, without the kernel's help. See <a
 * href="https://docs.kernel.org/filesystems/fsverity.html#file-digest-computation">the kernel's documentation</a>.
 *
 * <p>Data of direct and mapped buffers pass through one array of 4 KiB, which is reused: the JDK's message digests
 * would otherwise allocate such an array for each call. Blocks of zeros are recognized and not hashed again, which
 * makes hashing of sparse memory images many times faster.
 *
 * <p>Reusable, not thread-safe: each worker has its own.
 */
public final class VerityDigest {
    /** The number of bytes visited at a time, which bounds the buffers of sources that copy. */
    static final int WINDOW = 256 * 1024;

    private static final byte[] ZEROS = new byte[BLOCK];

    private final MerkleLevels levels;
    private final byte[] hashOfZeros;
    private final byte[] block = new byte[BLOCK];
    private int filled;
    private long size;

    /** Creates a digest, to which nothing has been added. */
    public VerityDigest(ObjectHash hash) {
        this.levels = new MerkleLevels(hash);
        this.hashOfZeros = new byte[hash.bytes()];
        levels.hash(ZEROS, hashOfZeros, 0);
    }

    /**
     * Computes the id of a source's content.
     *
     * @throws IOException if the source cannot be read
     */
    public static ObjectId of(ObjectHash hash, BlobSource content) throws IOException {
        return new VerityDigest(hash).digest(content);
    }

    /** Returns the number of bytes added since the last {@link #digest()}. */
    public long size() {
        return size;
    }

    /** Adds a buffer's remaining bytes; the buffer's position is its limit after that. */
    public void update(ByteBuffer data) {
        size += data.remaining();
        while (data.hasRemaining()) {
            int bytes = Math.min(BLOCK - filled, data.remaining());
            data.get(block, filled, bytes);
            filled += bytes;
            if (filled == BLOCK) {
                addBlock();
            }
        }
    }

    /** Returns the id of the bytes added since the last call, and starts again. */
    public ObjectId digest() {
        flush();
        ObjectId id = levels.end(size);
        size = 0;
        return id;
    }

    /**
     * Computes the id of a source's content. Forgets bytes that were added before.
     *
     * @throws IOException if the source cannot be read
     */
    public ObjectId digest(BlobSource content) throws IOException {
        reset();
        content.forEachBuffer(WINDOW, this::update);
        return digest();
    }

    /** Forgets the bytes added since the last {@link #digest()}. */
    public void reset() {
        filled = 0;
        size = 0;
        levels.reset();
    }

    /**
     * Computes the digest of the one block of digests above the data in a part of a tree. Forgets bytes that were added
     * before.
     *
     * @param content as many data blocks as one block has digests, or fewer at the end of a tree; not empty
     */
    void subtree(BlobSource content, byte[] target, int offset) throws IOException {
        reset();
        content.forEachBuffer(WINDOW, this::update);
        endSubtree(target, offset);
    }

    /** Computes the same digest of the bytes added since the last one, and starts again. */
    void endSubtree(byte[] target, int offset) {
        flush();
        levels.hashOfOnlyBlock(target, offset);
        size = 0;
    }

    /** Pads and hashes the last block, if there are bytes in it. */
    private void flush() {
        if (filled > 0) {
            Arrays.fill(block, filled, BLOCK, (byte) 0);
            addBlock();
        }
    }

    private void addBlock() {
        // Ends at the first byte that differs: costs next to nothing for data that are not zeros.
        if (Arrays.equals(block, ZEROS)) {
            levels.add(hashOfZeros, 0, 0);
        } else {
            levels.addHashOf(block);
        }
        filled = 0;
    }
}
