package io.blobstore.split.repository;

import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.RangeNotSatisfiableException;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.verity.VerityDigest;
import io.blobstore.split.internal.verity.VerityTree;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A large object that workers read in sections, at the same time, each hashing its subtrees of the Merkle tree. The
 * object is verified when the last section has arrived. Thread-safe.
 */
final class LargeRead {
    /** In bytes; smaller objects are read as a whole. */
    static final long FROM = 16 << 20;

    /** In bytes; a multiple of the subtrees' span. */
    static final int SECTION = 8 << 20;

    private final ObjectId id;
    private final int span;
    private final Optional<VerityTree> tree;
    private final AtomicInteger missing;

    /**
     * Creates the read of an object of which nothing has arrived.
     *
     * @param size of at least {@link #FROM} bytes
     */
    LargeRead(ObjectId id, long size, ObjectHash hash, boolean verify) {
        this.id = id;
        this.span = VerityTree.span(hash);
        this.tree = verify ? Optional.of(new VerityTree(hash, size)) : Optional.empty();
        this.missing = new AtomicInteger(Math.toIntExact((size + SECTION - 1) / SECTION));
    }

    ObjectId id() {
        return id;
    }

    /**
     * Makes one attempt to read a section.
     *
     * @param offset of the section, a multiple of {@link #SECTION}
     * @param target a window of exactly the section
     * @throws DamagedObjectException if the object ends before
     */
    void read(ObjectStore store, long offset, BlobTarget.Window target, VerityDigest digest) throws IOException {
        ByteRange range = ByteRange.of(offset, target.remaining());
        digest.reset();
        try {
            if (tree.isEmpty()) {
                store.read(id, range, target);
                return;
            }
            Subtrees subtrees = new Subtrees(tree.get(), (int) (offset / span), digest);
            HashingWindow window = new HashingWindow(target, subtrees::add);
            store.read(id, range, window);
            window.flush();
        } catch (RangeNotSatisfiableException e) {
            throw new DamagedObjectException(id, "it has no " + range.length() + " bytes at offset " + offset);
        } finally {
            digest.reset();
        }
    }

    /** Hashes neighbouring subtrees of bytes that arrive in order. */
    private static final class Subtrees {
        private final VerityTree all;
        private final VerityDigest digest;
        private int next;

        Subtrees(VerityTree all, int first, VerityDigest digest) {
            this.all = all;
            this.next = first;
            this.digest = digest;
        }

        void add(ByteBuffer data) {
            while (data.hasRemaining()) {
                int bytes = (int) Math.min(data.remaining(), all.length(next) - digest.size());
                digest.update(data.slice(data.position(), bytes));
                data.position(data.position() + bytes);
                if (digest.size() == all.length(next)) {
                    all.end(next, digest);
                    next++;
                }
            }
        }
    }

    /**
     * Counts a section that was read; to be called once for each.
     *
     * @throws DamagedObjectException if it was the last one, and the object has another content than its id says
     */
    void arrived() throws DamagedObjectException {
        if (missing.decrementAndGet() == 0 && tree.isPresent()) {
            Verification.requireEqual(id, tree.get().root());
        }
    }
}
