package io.blobstore.gcs.grpc;

import com.google.protobuf.UnsafeByteOperations;
import com.google.storage.v2.BidiWriteObjectRequest;
import com.google.storage.v2.ChecksummedData;
import io.blobstore.Crc32c;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The content of an upload that the server has not persisted yet, in chunks, to be sent again if a stream fails. Not
 * thread-safe.
 *
 * <p>A chunk is a copy in an array, as gRPC may read a message until the server has answered it, and the caller's
 * memory need not live that long. The array of a chunk that one stream has sent, and of which that stream reported that
 * it is persisted, is used again: no one reads it any more. The arrays of chunks that were sent over a stream that
 * failed are left to the garbage collector, as that stream may still read them.
 */
final class PendingChunks {
    /** The most content that the server takes in a message (ServiceConstants in storage.proto). */
    static final int CHUNK = 2 << 20;

    /** The most content that is pending, as in google-cloud-storage's FlushPolicy. */
    static final long MAX_BYTES = 16 << 20;

    private static final int FIRST = 64 << 10;
    private static final int MAX_FREE = (int) (MAX_BYTES / CHUNK);

    private final Deque<Chunk> pending = new ArrayDeque<>();
    private final Deque<byte[]> free = new ArrayDeque<>();
    private long bytes;

    /** Consecutive content of the object. */
    static final class Chunk {
        private byte[] content;
        private int length;
        private long offset;
        private Crc32c crc32c = Crc32c.EMPTY;
        private @Nullable WriteStream sentBy;
        private boolean sentTwice;

        private Chunk(byte[] content) {
            this.content = content;
        }

        int length() {
            return length;
        }

        /** Returns the position in the object at which the chunk ends, after it was added. */
        long end() {
            return offset + length;
        }

        boolean isFull() {
            return length == CHUNK;
        }

        /** Copies as much of the source as there is room for; its position advances. */
        void fill(ByteBuffer source) {
            int count = Math.min(source.remaining(), CHUNK - length);
            if (length + count > content.length) {
                content = Arrays.copyOf(content, Math.min(CHUNK, Math.max(length + count, content.length * 2)));
            }
            source.get(content, length, count);
            length += count;
        }

        /** Returns the checksum of the whole chunk, after it was added. */
        Crc32c crc32c() {
            return crc32c;
        }

        /** Returns a message with the content from a position of the object on. */
        BidiWriteObjectRequest.Builder message(long from) {
            int start = (int) Math.max(0, from - offset);
            int count = length - start;
            return BidiWriteObjectRequest.newBuilder()
                    .setWriteOffset(offset + start)
                    .setChecksummedData(ChecksummedData.newBuilder()
                            .setContent(UnsafeByteOperations.unsafeWrap(content, start, count))
                            .setCrc32C((start == 0 ? crc32c : checksum(start, count)).value()));
        }

        private Crc32c checksum(int start, int count) {
            return Crc32c.of(ByteBuffer.wrap(content, start, count));
        }

        /** Notes that a stream sends this chunk. */
        void sending(WriteStream stream) {
            sentTwice |= sentBy != null && sentBy != stream;
            sentBy = stream;
        }
    }

    /**
     * Returns an empty chunk.
     *
     * @param expected how much is known to follow
     */
    Chunk newChunk(long expected) {
        byte[] reused = free.poll();
        return new Chunk(reused != null ? reused : new byte[(int) Math.max(FIRST, Math.min(CHUNK, expected))]);
    }

    /** Returns whether a chunk would exceed the limit. */
    boolean isFullFor(Chunk chunk) {
        return bytes > 0 && bytes + chunk.length > MAX_BYTES;
    }

    /** Appends a chunk, which is not changed any more. */
    void add(Chunk chunk, long offset) {
        chunk.offset = offset;
        chunk.crc32c = chunk.checksum(0, chunk.length);
        pending.add(chunk);
        bytes += chunk.length;
    }

    Iterable<Chunk> chunks() {
        return pending;
    }

    /** Removes chunks that are persisted, and keeps their arrays if only {@code stream} has sent them. */
    void persisted(long size, @Nullable WriteStream stream) {
        Chunk first = pending.peek();
        while (first != null && first.end() <= size) {
            pending.remove();
            bytes -= first.length;
            if (first.sentBy == stream && !first.sentTwice && first.content.length == CHUNK && free.size() < MAX_FREE) {
                free.add(first.content);
            }
            first = pending.peek();
        }
    }
}
