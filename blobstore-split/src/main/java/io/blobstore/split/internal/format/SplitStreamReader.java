package io.blobstore.split.internal.format;

import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.SplitStreamException;
import io.blobstore.split.UnsupportedSplitStreamException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads a split stream with random access: the ids that it refers to can be read without decompressing its chunks.
 *
 * <p>Trusts nothing in the stream: all offsets, lengths and indices are checked before they are used, and no allocation
 * depends on them. Content that was read is confirmed only when the last chunk was read and each object's id was
 * verified by the caller.
 *
 * <p>Not thread-safe, as its channel has one position.
 */
public final class SplitStreamReader implements Closeable {
    private final StreamChannel stream;
    private final SplitStreamHeader header;
    private final ObjectRefs streamRefs;
    private final ObjectRefs objectRefs;

    private SplitStreamReader(StreamChannel stream, SplitStreamHeader header) {
        this.stream = stream;
        this.header = header;
        this.streamRefs = new ObjectRefs(stream, header.hash(), header.streamRefs());
        this.objectRefs = new ObjectRefs(stream, header.hash(), header.objectRefs());
    }

    /**
     * Reads and checks the header of a stream.
     *
     * @param channel the stream's bytes; closed with the reader, and if this method fails
     * @param expected the hash function that the stream must have; null for any
     * @param name the stream's name or id, for messages of errors
     * @throws SplitStreamException if the stream is damaged
     * @throws UnsupportedSplitStreamException if the stream has another version or hash function
     * @throws IOException if the channel cannot be read
     */
    public static SplitStreamReader open(SeekableByteChannel channel, @Nullable ObjectHash expected, String name)
            throws IOException {
        try {
            StreamChannel stream = new StreamChannel(channel, name);
            return new SplitStreamReader(stream, SplitStreamHeader.read(stream, expected));
        } catch (IOException | RuntimeException | Error e) {
            try {
                channel.close();
            } catch (IOException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    /** Returns the header. */
    public SplitStreamHeader header() {
        return header;
    }

    /** Returns the ids of the objects of the stream, readable until this reader is closed. */
    public ObjectRefs objectRefs() {
        return objectRefs;
    }

    /** Returns the ids of other streams that this one keeps alive, readable until this reader is closed. */
    public ObjectRefs streamRefs() {
        return streamRefs;
    }

    /**
     * Reads the names of other streams, an unmodifiable map.
     *
     * @throws SplitStreamException if they are damaged
     * @throws UnsupportedSplitStreamException if they have more than 16 MiB, or are more than 100,000
     */
    public SortedMap<String, ObjectId> namedRefs() throws IOException {
        return NamedRefs.read(stream, header.namedRefs(), streamRefs);
    }

    /** Returns a reader of the chunks, from the first one on; it must be closed before this reader. */
    public ChunkReader chunks() {
        return new ChunkReader(stream, objectRefs, header);
    }

    /**
     * Reads all chunks, and checks the size that the stream merges to.
     *
     * @throws SplitStreamException if the stream is damaged
     */
    public void forEachChunk(ChunkVisitor visitor) throws IOException {
        try (ChunkReader chunks = chunks()) {
            while (chunks.next()) {
                if (chunks.isInline()) {
                    for (ByteBuffer piece = chunks.inline(); piece.hasRemaining(); piece = chunks.inline()) {
                        visitor.inline(piece);
                    }
                } else {
                    chunks.addObjectSize(visitor.object(chunks.objectIndex(), chunks.object()));
                }
            }
        }
    }

    /** Closes the channel. */
    @Override
    public void close() throws IOException {
        stream.close();
    }
}
