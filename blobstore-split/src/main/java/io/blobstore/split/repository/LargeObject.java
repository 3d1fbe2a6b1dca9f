package io.blobstore.split.repository;

import io.blobstore.BlobSource;
import io.blobstore.RetainedSource;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.verity.VerityTree;
import io.blobstore.split.repository.SplitItem.ExternalPart;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Hashes a large part by several workers, while it arrives: each takes sections of its Merkle tree. The last one has it
 * stored, and releases the content.
 */
final class LargeObject {
    /** In bytes; smaller parts are hashed by one worker. */
    static final long FROM = 8 << 20;

    /** In bytes: takes a worker about 3 ms, so that the queue costs nothing against it. */
    static final int SECTION = 4 << 20;

    private final ExternalPart part;
    private final WorkQueue queue;
    private final ObjectWriter objects;
    private final VerityTree tree;
    private final int span;
    /** The sections that are not hashed, and the content as a whole. */
    private final AtomicInteger missing;

    private volatile @Nullable RetainedSource content;

    LargeObject(ObjectHash hash, ExternalPart part, WorkQueue queue, ObjectWriter objects) {
        this.part = part;
        this.queue = queue;
        this.objects = objects;
        this.tree = new VerityTree(hash, part.length());
        this.span = VerityTree.span(hash);
        this.missing = new AtomicInteger((int) ((part.length() + SECTION - 1) / SECTION) + 1);
    }

    /**
     * Has a section hashed.
     *
     * @param start the offset in the part, a multiple of {@link #SECTION}
     */
    void arrived(long start, RetainedSource section) {
        queue.submit(scratch -> hash((int) (start / span), section, scratch));
    }

    /** Has the part stored as soon as all sections are hashed, each of which has arrived. */
    void complete(RetainedSource whole) {
        content = whole;
        if (missing.decrementAndGet() == 0) {
            queue.submit(this::store);
        }
    }

    private void hash(int first, RetainedSource section, Scratch scratch) throws IOException, InterruptedException {
        try (section) {
            int subtree = first;
            for (long at = 0; at < section.size(); at += span) {
                BlobSource data = section.slice(at, Math.min(span, section.size() - at));
                tree.hash(subtree++, data, scratch.digest());
            }
        } catch (IOException | RuntimeException | Error e) {
            scratch.digest().reset();
            PartFailure.addTo(e, part);
            throw e;
        }
        if (missing.decrementAndGet() == 0) {
            store(scratch);
        }
    }

    private void store(Scratch scratch) throws IOException, InterruptedException {
        try (RetainedSource whole = Objects.requireNonNull(content)) {
            ObjectId id = tree.root();
            queue.update(() -> part.setId(id));
            objects.write(id, whole, scratch);
        } catch (IOException | RuntimeException | Error e) {
            PartFailure.addTo(e, part);
            throw e;
        }
    }
}
