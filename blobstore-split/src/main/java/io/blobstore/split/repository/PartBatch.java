package io.blobstore.split.repository;

import io.blobstore.BlobSource;
import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.verity.VerityDigest;
import io.blobstore.split.repository.SplitItem.ExternalPart;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** Hashes neighbouring parts in one visit of the source, tells their ids, and then stores what is missing. */
final class PartBatch implements WorkQueue.Unit {
    private static final int MAX_BUFFER = 1 << 20;

    private final BlobSource source;
    private final List<ExternalPart> parts;
    private final WorkQueue queue;
    private final ObjectWriter objects;

    PartBatch(BlobSource source, List<ExternalPart> parts, WorkQueue queue, ObjectWriter objects) {
        this.source = source;
        this.parts = parts;
        this.queue = queue;
        this.objects = objects;
    }

    @Override
    public void run(Scratch scratch) throws IOException, InterruptedException {
        ObjectId[] ids = hash(scratch.digest());
        queue.update(() -> {
            for (int i = 0; i < ids.length; i++) {
                parts.get(i).setId(ids[i]);
            }
        });
        for (int i = 0; i < ids.length; i++) {
            ExternalPart part = parts.get(i);
            try {
                objects.write(ids[i], source.slice(part.offset, part.length()), scratch);
            } catch (IOException | RuntimeException | Error e) {
                PartFailure.addTo(e, part);
                throw e;
            }
        }
    }

    private ObjectId[] hash(VerityDigest digest) throws IOException {
        ExternalPart last = parts.get(parts.size() - 1);
        long start = parts.get(0).offset;
        Hashing hashing = new Hashing(digest, start);
        try {
            source.slice(start, last.offset + last.length() - start).forEachBuffer(MAX_BUFFER, hashing::visit);
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
