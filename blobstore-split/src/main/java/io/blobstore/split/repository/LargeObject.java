package io.blobstore.split.repository;

import io.blobstore.RetainedSource;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.verity.VerityTree;
import io.blobstore.split.repository.SplitItem.ExternalPart;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Hashes a large part by several workers, each of which takes sections of its Merkle tree. The last one has it stored,
 * and releases the content.
 */
final class LargeObject {
    /** In bytes; smaller parts are hashed by one worker. */
    static final long FROM = 8 << 20;

    /** In bytes: takes a worker about 3 ms, so that the queue costs nothing against it. */
    private static final int SECTION = 4 << 20;

    private final RetainedSource content;
    private final ExternalPart part;
    private final WorkQueue queue;
    private final ObjectWriter objects;
    private final VerityTree tree;
    private final int subtreesPerSection;
    private final AtomicInteger missing;

    LargeObject(ObjectHash hash, RetainedSource content, ExternalPart part, WorkQueue queue, ObjectWriter objects) {
        this.content = content;
        this.part = part;
        this.queue = queue;
        this.objects = objects;
        this.tree = new VerityTree(hash, part.length());
        this.subtreesPerSection = SECTION / VerityTree.span(hash);
        this.missing = new AtomicInteger(sectionCount());
    }

    private int sectionCount() {
        return (tree.subtrees() + subtreesPerSection - 1) / subtreesPerSection;
    }

    /** Returns a unit for each section. */
    List<WorkQueue.Unit> sections() {
        List<WorkQueue.Unit> units = new ArrayList<>();
        for (int section = 0; section < sectionCount(); section++) {
            int first = section * subtreesPerSection;
            units.add(scratch -> run(first, scratch));
        }
        return units;
    }

    private void run(int first, Scratch scratch) throws IOException, InterruptedException {
        try {
            int end = Math.min(tree.subtrees(), first + subtreesPerSection);
            for (int subtree = first; subtree < end; subtree++) {
                tree.hash(subtree, content, scratch.digest());
            }
            if (missing.decrementAndGet() == 0) {
                ObjectId id = tree.root();
                queue.update(() -> part.setId(id));
                try (content) {
                    objects.write(id, content, scratch);
                }
            }
        } catch (IOException | RuntimeException | Error e) {
            scratch.digest().reset();
            PartFailure.addTo(e, part);
            throw e;
        }
    }
}
