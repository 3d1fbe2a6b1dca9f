package io.blobstore.split.internal.input;

import io.blobstore.BlobSource;
import io.blobstore.RetainedSource;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A stream as the input of a splitter: read once, and kept as long as it is needed.
 *
 * <pre>
 *            forgotten │ consumed, kept │ read ahead
 *   segments:    …──[ memory ]──[ memory ]──[ temporary file ]──[ memory, being filled ]
 * </pre>
 *
 * <p>Up to 1 MiB is read ahead into direct memory, in pieces; more than that, as for a large file in a tar archive,
 * into a temporary file of its own. The memory is bounded: when none is left, {@link StreamFlow#awaitRoom} waits until
 * other bytes of the stream were processed.
 *
 * <p>Reads on the parser's thread only, and never more than one call reads at a time. An interrupt ends a read if the
 * channel does so. Does not close the channel.
 */
public final class StreamInput implements ContentInput {
    /** The least memory, in bytes: two large pieces, and what is kept of consumed ones. */
    public static final long MIN_MEMORY = 16L << 20;

    private static final int SMALL_PIECE = 256 << 10;

    /** Holds several inspected ranges of the largest size, so that few of them are in two pieces. */
    private static final int LARGE_PIECE = 4 << 20;

    private static final int SMALL_PEEK = 64 << 10;

    /** The most bytes that are read ahead into memory: an object of 1 MiB with its header and padding. */
    private static final long MAX_AHEAD = MAX_PEEK + SMALL_PEEK;

    private static final long MAX_KEPT = 1 << 20;

    /** How long it waits after a read of no bytes. */
    private static final long EMPTY_READ_NANOS = 1_000_000;

    private final ReadableByteChannel channel;
    private final StreamMemory memory;
    private final Path directory;
    private final StreamFlow flow;

    /** Without gaps: from the first byte that was not forgotten to the last one that was read. */
    private final ArrayDeque<Segment> segments = new ArrayDeque<>();
    /** The last segment, if it grows. */
    private @Nullable MemorySegment growing;

    private @Nullable PooledBuffer window;
    private long position;
    private long readEnd;
    private boolean ended;
    private boolean closed;

    /**
     * Creates an input at the channel's position; reads nothing yet.
     *
     * @param maxMemory in bytes, at least {@value #MIN_MEMORY}
     * @param directory the directory of temporary files
     */
    public StreamInput(ReadableByteChannel channel, long maxMemory, Path directory, StreamFlow flow) {
        this.channel = channel;
        this.memory = new StreamMemory(maxMemory);
        this.directory = directory;
        this.flow = flow;
    }

    // ---- for splitters

    @Override
    public long position() {
        return position;
    }

    @Override
    public long available(long length) throws IOException {
        readAhead(length, SMALL_PIECE);
        return Math.min(length, readEnd - position);
    }

    @Override
    public ByteBuffer peek(int length) throws IOException {
        if (length < 0 || length > MAX_PEEK) {
            throw new IllegalArgumentException("0 to " + MAX_PEEK + " bytes can be inspected; got " + length);
        }
        readAhead(length, length <= SMALL_PEEK ? SMALL_PIECE : LARGE_PIECE);
        int bytes = (int) Math.min(length, readEnd - position);
        for (Segment segment : segments) {
            if (position < segment.end()) {
                return segment instanceof MemorySegment piece && position + bytes <= piece.end()
                        ? piece.bytes(position, bytes)
                        : copied(bytes);
            }
        }
        return ByteBuffer.allocate(0);
    }

    /** Returns the next bytes, which are in several segments or in a file. */
    private ByteBuffer copied(int bytes) throws IOException {
        PooledBuffer current = window;
        if (current == null || current.buffer().capacity() < bytes) {
            if (current != null) {
                current.close();
            }
            window = current = DirectBufferPool.shared().take(bytes <= SMALL_PEEK ? SMALL_PEEK : MAX_PEEK);
        }
        ByteBuffer target = current.buffer().clear();
        content(position, bytes, new ArrayList<>()).forEachBuffer(SMALL_PIECE, target::put);
        return target.flip().asReadOnlyBuffer();
    }

    // ---- reading

    /** Reads until as many bytes are ahead of the position, or the stream ends. */
    private void readAhead(long length, int piece) throws IOException {
        if (closed) {
            throw new IllegalStateException("this input is closed");
        }
        if (length < 0) {
            throw new IllegalArgumentException("a number of bytes is 0 or more; got " + length);
        }
        long end = length > Long.MAX_VALUE - position ? Long.MAX_VALUE : position + length;
        while (readEnd < end && !ended) {
            MemorySegment last = growing;
            if (last != null && last.room() > 0) {
                fill(last);
            } else if (length > MAX_AHEAD) {
                spool(end);
            } else {
                grow(piece);
            }
        }
    }

    private void fill(MemorySegment piece) throws IOException {
        int bytes = read(piece.space());
        if (bytes < 0) {
            ended = true;
            endPiece();
            return;
        }
        piece.filled(bytes);
        readEnd += bytes;
        if (piece.room() == 0) {
            endPiece();
        }
    }

    /** Reads once, into the whole rest of a buffer at most; returns -1 at the end of the stream. */
    private int read(ByteBuffer target) throws IOException {
        int room = target.remaining();
        for (; ; ) {
            flow.beforeRead();
            int bytes = channel.read(target);
            if (bytes > room || bytes < -1 || target.position() != Math.max(bytes, 0)) {
                throw new IOException("the channel returned " + bytes + " from a read of " + room
                        + " bytes, of which it has filled " + target.position() + ": it is broken");
            }
            if (bytes != 0) {
                return bytes;
            }
            LockSupport.parkNanos(EMPTY_READ_NANOS); // unusual for a channel that blocks, but allowed
        }
    }

    private void grow(int piece) throws IOException {
        if (!memory.hasRoomFor(piece)) {
            flow.awaitRoom(() -> memory.hasRoomFor(piece));
        }
        MemorySegment next = new MemorySegment(readEnd, piece, memory);
        segments.add(next);
        growing = next;
    }

    private void endPiece() {
        MemorySegment last = growing;
        growing = null;
        if (last != null && last.end() > last.start()) {
            flow.arrived(retain(last.start(), last.end() - last.start()));
        }
    }

    /** Reads into a file up to an offset, or the end of the stream. The last piece of memory is full. */
    private void spool(long end) throws IOException {
        SpoolFile file = spoolFile();
        long from = readEnd;
        try (PooledBuffer through = DirectBufferPool.shared().take(SMALL_PIECE)) {
            while (readEnd < end && !ended) {
                ByteBuffer buffer = through.buffer().clear();
                buffer.limit((int) Math.min(buffer.capacity(), end - readEnd));
                int bytes = read(buffer);
                if (bytes < 0) {
                    ended = true;
                } else {
                    file.append(buffer.flip());
                    readEnd += bytes;
                }
            }
        }
        if (readEnd > from) {
            flow.arrived(retain(from, readEnd - from));
        }
    }

    /** Returns the file to append to: the last segment, if it belongs to what is read ahead, or a new one. */
    private SpoolFile spoolFile() throws IOException {
        if (segments.peekLast() instanceof SpoolFile last && last.start() >= position) {
            return last;
        }
        SpoolFile file = SpoolFile.create(readEnd, directory, memory);
        segments.add(file);
        return file;
    }

    // ---- for implementations of sinks

    @Override
    public void consume(long length) throws IOException {
        long available = available(length);
        if (available < length) {
            throw new EOFException("the stream ends at byte " + (position + available) + ", inside a part of " + length
                    + " bytes at byte " + position);
        }
        position += length;
    }

    @Override
    public RetainedSource retain(long offset, long length) {
        List<Segment> used = new ArrayList<>();
        BlobSource content = content(offset, length, used);
        used.forEach(Segment::use);
        return RetainedSource.of(content, () -> used.forEach(Segment::release));
    }

    private BlobSource content(long offset, long length, List<Segment> used) {
        List<BlobSource> parts = new ArrayList<>();
        long end = offset + length;
        for (Segment segment : segments) {
            long from = Math.max(offset, segment.start());
            long to = Math.min(end, segment.end());
            if (from < to) {
                parts.add(segment.content(from, to - from));
                used.add(segment);
            }
        }
        BlobSource content = BlobSource.concat(parts);
        if (content.size() != length) {
            throw new IllegalArgumentException(length + " bytes at " + offset + " are not kept");
        }
        return content;
    }

    @Override
    public void forget(long before) {
        for (Segment first = segments.peek();
                first != null && first != growing && first.end() <= Math.min(before, position);
                first = segments.peek()) {
            segments.remove().release();
        }
    }

    @Override
    public long maxKept() {
        return MAX_KEPT;
    }

    /** Does nothing: the stream is read once. */
    @Override
    public void checkUnchanged() {}

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            if (window != null) {
                window.close();
            }
            memory.freeAll();
        }
    }
}
