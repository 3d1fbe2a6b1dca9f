package io.blobstore.split.internal.format;

import io.blobstore.split.ObjectId;
import io.blobstore.split.SplitStreamException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Reads the chunks of a stream one after another, in a fixed amount of memory. Not thread-safe.
 *
 * <pre>{@code
 * while (chunks.next()) {
 *     if (chunks.isInline()) {
 *         for (ByteBuffer piece = chunks.inline(); piece.hasRemaining(); piece = chunks.inline()) { … }
 *     } else {
 *         chunks.addObjectSize(…chunks.object()…);
 *     }
 * }
 * }</pre>
 */
public final class ChunkReader implements Closeable {
    private final StreamChannel stream;
    private final ObjectRefs objects;
    private final FrameReader frames;
    private final long size;

    /** The sum of the chunks so far, without the objects whose size is not known. */
    private long merged;

    /** Whether the size of the current chunk is not part of the sum. */
    private boolean isSizeMissing;

    private boolean areAllSizesKnown = true;
    private boolean isInline;
    /** The length of the current inline chunk, and how much of it was not returned yet. */
    private long length;

    private long left;
    private long index;

    ChunkReader(StreamChannel stream, ObjectRefs objects, SplitStreamHeader header) {
        this.stream = stream;
        this.objects = objects;
        this.size = header.size();
        this.frames = new FrameReader(stream, header.chunks(), "chunks");
    }

    /**
     * Proceeds to the next chunk. Inline bytes that were not returned are skipped.
     *
     * @return false if there is none. If {@link #addObjectSize} was called for each object, the size of the stream was
     *     checked then
     * @throws SplitStreamException if the stream is damaged
     */
    public boolean next() throws IOException {
        areAllSizesKnown &= !isSizeMissing;
        isSizeMissing = false;
        while (left > 0) {
            inline();
        }
        long head = 0;
        for (int bytes = 0; bytes < Long.BYTES; bytes++) {
            ByteBuffer piece = frames.next();
            if (!piece.hasRemaining()) {
                stream.require(bytes == 0, "its chunks end inside the head of a chunk");
                if (areAllSizesKnown && merged != size) {
                    throw stream.damaged(
                            "it claims to merge to " + size + " bytes, but its chunks have " + merged, null);
                }
                return false;
            }
            head |= (piece.get() & 0xffL) << (Byte.SIZE * bytes);
        }
        begin(head);
        return true;
    }

    private void begin(long head) throws SplitStreamException {
        isInline = head < 0;
        if (isInline) {
            length = -head; // still negative if it was the smallest number
            add(length, "an inline chunk");
            left = length;
        } else {
            if (head >= objects.count()) {
                throw stream.damaged("a chunk refers to object " + head + ", and there are " + objects.count(), null);
            }
            index = head;
            isSizeMissing = true;
        }
    }

    private void add(long bytes, String what) throws SplitStreamException {
        if (bytes < 0 || bytes > size - merged) {
            throw stream.damaged(
                    what + " has " + Long.toUnsignedString(bytes) + " bytes, but only " + (size - merged) + " of the "
                            + size + " that it claims to merge to are left",
                    null);
        }
        merged += bytes;
    }

    /** Returns whether the current chunk is inline; otherwise it is an object. */
    public boolean isInline() {
        return isInline;
    }

    /** Returns the number of bytes of the current chunk, which is inline. */
    public long length() {
        requireKind(true);
        return length;
    }

    /**
     * Returns the next bytes of the current chunk, which is inline.
     *
     * @return a direct read-only buffer at position 0, of at most 128 KiB; valid until the next call of this object;
     *     empty at the end of the chunk
     * @throws SplitStreamException if the stream is damaged
     */
    public ByteBuffer inline() throws IOException {
        requireKind(true);
        ByteBuffer decompressed = left > 0 ? frames.next() : ByteBuffer.allocate(0);
        stream.require(left == 0 || decompressed.hasRemaining(), "its chunks end inside an inline chunk");
        int bytes = (int) Math.min(left, decompressed.remaining());
        ByteBuffer piece = decompressed.slice(decompressed.position(), bytes).asReadOnlyBuffer();
        decompressed.position(decompressed.position() + bytes);
        left -= bytes;
        return piece;
    }

    /** Returns the index of the object that the current chunk refers to. */
    public long objectIndex() {
        requireKind(false);
        return index;
    }

    /**
     * Returns the id of the object that the current chunk refers to.
     *
     * @throws IOException if the ids cannot be read
     */
    public ObjectId object() throws IOException {
        return objects.get(objectIndex());
    }

    /**
     * Adds the size of the current chunk's object to the size of the stream, which is checked. To be called at most
     * once for a chunk.
     *
     * @throws SplitStreamException if the stream claims to merge to fewer bytes
     */
    public void addObjectSize(long bytes) throws SplitStreamException {
        if (!isSizeMissing) {
            throw new IllegalStateException("the current chunk is inline, or its size was added");
        }
        add(bytes, "an object");
        isSizeMissing = false;
    }

    private void requireKind(boolean inline) {
        if (isInline != inline) {
            throw new IllegalStateException("the current chunk is " + (isInline ? "inline" : "an object"));
        }
    }

    @Override
    public void close() {
        frames.close();
    }
}
