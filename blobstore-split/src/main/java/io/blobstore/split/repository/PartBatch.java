package io.blobstore.split.repository;

import io.blobstore.RetainedSource;
import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.verity.VerityDigest;
import io.blobstore.split.repository.SplitItem.ExternalPart;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Hashes neighbouring parts in one visit of their content, tells their ids, and then stores what is missing. Releases
 * the content at the end.
 */
final class PartBatch implements WorkQueue.Unit {
    private static final int MAX_BUFFER = 1 << 20;

    private final RetainedSource content;
    private final List<ExternalPart> parts;
    private final WorkQueue queue;
    private final ObjectWriter objects;

    /**
     * Creates a batch.
     *
     * @param content from the first byte of the first part to the last byte of the last one
     */
    PartBatch(RetainedSource content, List<ExternalPart> parts, WorkQueue queue, ObjectWriter objects) {
        this.content = content;
        this.parts = parts;
        this.queue = queue;
        this.objects = objects;
    }

    @Override
    public void run(Scratch scratch) throws IOException, InterruptedException {
        try (content) {
            ObjectId[] ids = hash(scratch.digest());
            queue.update(() -> {
                for (int i = 0; i < ids.length; i++) {
                    parts.get(i).setId(ids[i]);
                }
            });
            for (int i = 0; i < ids.length; i++) {
                store(parts.get(i), ids[i], scratch);
            }
        }
    }

    private void store(ExternalPart part, ObjectId id, Scratch scratch) throws IOException, InterruptedException {
        try {
            objects.write(id, content.slice(part.offset - start(), part.length()), scratch);
        } catch (IOException | RuntimeException | Error e) {
            PartFailure.addTo(e, part);
            throw e;
        }
    }

    private long start() {
        return parts.get(0).offset;
    }

    private ObjectId[] hash(VerityDigest digest) throws IOException {
        Hashing hashing = new Hashing(digest, start());
        try {
            content.forEachBuffer(MAX_BUFFER, hashing::visit);
        } finally {
            digest.reset();
        }
        return hashing.ids;
    }

    /** Follows the content from the first part to the last, over what lies between them. */
    private final class Hashing {
        private final VerityDigest digest;
        private final ObjectId[] ids = new ObjectId[parts.size()];
        private long at;
        private int next;

        Hashing(VerityDigest digest, long at) {
            this.digest = digest;
            this.at = at;
        }

        void visit(ByteBuffer buffer) {
            long end = at + buffer.remaining();
            for (; next < ids.length && parts.get(next).offset < end; next++) {
                ExternalPart part = parts.get(next);
                long partEnd = part.offset + part.length();
                int from = (int) (Math.max(part.offset, at) - at);
                int to = (int) (Math.min(partEnd, end) - at);
                digest.update(buffer.slice(from, to - from));
                if (partEnd > end) {
                    break; // continues in the next buffer
                }
                ids[next] = digest.digest();
            }
            at = end;
        }
    }
}
