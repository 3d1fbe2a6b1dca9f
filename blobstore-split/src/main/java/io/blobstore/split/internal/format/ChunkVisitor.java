package io.blobstore.split.internal.format;

import io.blobstore.split.ObjectId;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Receives the chunks of a stream in order. */
public interface ChunkVisitor {
    /**
     * Receives inline bytes; a chunk may come in several pieces.
     *
     * @param bytes a direct read-only buffer at position 0, of at most 128 KiB; valid until this method returns
     */
    void inline(ByteBuffer bytes) throws IOException;

    /**
     * Receives a reference to an object. Its size is checked after this method has returned: a visitor that writes the
     * object to a target with a bound checks it before that, or uses {@link ChunkReader#addObjectSize}.
     *
     * @param index the index of the object's id in the stream
     * @return the number of bytes of the object
     */
    long object(long index, ObjectId id) throws IOException;
}
