package io.blobstore.split.internal.verity;

import static io.blobstore.split.internal.verity.MerkleLevels.BLOCK;

import io.blobstore.BlobSource;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import java.io.IOException;
import java.util.Objects;

/**
 * Computes the id of one large object by several threads: its data are divided into subtrees of its Merkle tree, which
 * are hashed independently of each other. A subtree has as many data blocks as a block has digests: 512 KiB with
 * SHA-256, 256 KiB with SHA-512.
 *
 * <p>{@link #hash} may be called by several threads at the same time, with different subtrees. {@link #root} must be
 * called when all of them have returned, with their effects visible to its thread.
 */
public final class VerityTree {
    private final ObjectHash hash;
    private final long size;
    private final int subtrees;
    /** The digests of all subtrees, of which each thread writes its own. */
    private final byte[] digests;

    /**
     * Creates a tree of which nothing is hashed.
     *
     * @param size the number of bytes of the object: more than one subtree, and at most 16 TiB
     */
    public VerityTree(ObjectHash hash, long size) {
        long count = (size + span(hash) - 1) / span(hash);
        if (count < 2 || count > Integer.MAX_VALUE / hash.bytes()) {
            throw new IllegalArgumentException("a tree of subtrees has at least two of " + span(hash)
                    + " bytes, and at most 2 GiB of digests; got an object of " + size + " bytes");
        }
        this.hash = hash;
        this.size = size;
        this.subtrees = (int) count;
        this.digests = new byte[subtrees * hash.bytes()];
    }

    /** Returns the number of bytes of data in each subtree but the last, which may have fewer. */
    public static int span(ObjectHash hash) {
        return BLOCK / hash.bytes() * BLOCK;
    }

    /** Returns the number of subtrees. */
    public int subtrees() {
        return subtrees;
    }

    /** Returns the offset of a subtree's data in the object, in bytes. */
    public long offset(int subtree) {
        return (long) Objects.checkIndex(subtree, subtrees) * span(hash);
    }

    /** Returns the number of bytes of a subtree's data. */
    public int length(int subtree) {
        return (int) Math.min(span(hash), size - offset(subtree));
    }

    /**
     * Hashes the data of a subtree.
     *
     * @param data of exactly the subtree
     * @param digest of the same hash function, used by the calling thread only; what was added to it is forgotten
     * @throws IOException if the data cannot be read
     */
    public void hash(int subtree, BlobSource data, VerityDigest digest) throws IOException {
        if (data.size() != length(subtree)) {
            throw new IllegalArgumentException(
                    "a subtree of " + length(subtree) + " bytes; got " + data.size() + " bytes of data");
        }
        digest.subtree(data, digests, subtree * hash.bytes());
    }

    /**
     * Ends a subtree whose data were added to a digest, which starts again.
     *
     * @param digest of the same hash function, with exactly the subtree's data
     */
    public void end(int subtree, VerityDigest digest) {
        if (digest.size() != length(subtree)) {
            throw new IllegalArgumentException(
                    "a subtree of " + length(subtree) + " bytes; got " + digest.size() + " bytes of data");
        }
        digest.endSubtree(digests, subtree * hash.bytes());
    }

    /** Returns the id of the object, after all subtrees were hashed. */
    public ObjectId root() {
        MerkleLevels levels = new MerkleLevels(hash);
        for (int subtree = 0; subtree < subtrees; subtree++) {
            levels.add(digests, subtree * hash.bytes(), 0);
        }
        return levels.end(size);
    }
}
