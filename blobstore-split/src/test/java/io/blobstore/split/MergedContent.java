package io.blobstore.split;

import io.blobstore.split.internal.format.ChunkReader;
import io.blobstore.split.internal.format.SplitStreamReader;
import io.blobstore.split.internal.verity.VerityDigest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.function.Consumer;

/** The simplest merge: in one thread, with objects from memory, whose ids are verified. */
final class MergedContent {
    private MergedContent() {}

    /** Merges a stream into a consumer of buffers. */
    static void merge(
            ByteBuffer stream, ObjectHash hash, Map<ObjectId, ByteBuffer> objects, Consumer<ByteBuffer> target)
            throws IOException {
        VerityDigest digest = new VerityDigest(hash);
        try (SplitStreamReader reader = SplitStreamReader.open(new BufferChannel(stream), hash, "under test");
                ChunkReader chunks = reader.chunks()) {
            reader.namedRefs();
            while (chunks.next()) {
                if (chunks.isInline()) {
                    for (ByteBuffer piece = chunks.inline(); piece.hasRemaining(); piece = chunks.inline()) {
                        target.accept(piece);
                    }
                } else {
                    ByteBuffer object = object(chunks.object(), objects, digest);
                    chunks.addObjectSize(object.remaining()); // before it is merged
                    target.accept(object);
                }
            }
        }
    }

    private static ByteBuffer object(ObjectId id, Map<ObjectId, ByteBuffer> objects, VerityDigest digest)
            throws IOException {
        ByteBuffer object = objects.get(id);
        if (object == null) {
            throw new MissingObjectException(id);
        }
        digest.update(object.duplicate());
        if (!digest.digest().equals(id)) {
            throw new SplitStreamException("under test", "object " + id + " is damaged", null);
        }
        return object.duplicate();
    }

    /** Merges a stream of known size. */
    static ByteBuffer merge(ByteBuffer stream, ObjectHash hash, Map<ObjectId, ByteBuffer> objects, int size)
            throws IOException {
        ByteBuffer merged = ByteBuffer.allocate(size);
        merge(stream, hash, objects, merged::put);
        return merged.flip();
    }

    /** An object is not there. */
    static final class MissingObjectException extends IOException {
        private static final long serialVersionUID = 1L;

        MissingObjectException(ObjectId id) {
            super("there is no object " + id);
        }
    }
}
