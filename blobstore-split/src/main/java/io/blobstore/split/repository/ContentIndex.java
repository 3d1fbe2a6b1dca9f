package io.blobstore.split.repository;

import io.blobstore.TargetException;
import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.format.ChunkVisitor;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where each byte of a stream's content is: 16 bytes for each chunk, each object's id once, and a temporary file with
 * the inline bytes. Built by one thread; read by one thread at a time after that.
 */
final class ContentIndex implements ChunkVisitor, Closeable {
    private final ObjectSizes sizes;
    private final Map<Long, Integer> numbers = new HashMap<>();
    private final List<ObjectId> objects = new ArrayList<>();
    private long[] starts = new long[16];
    /** The number of a chunk's object; or, negative and minus 1, the position of its bytes among the inline ones. */
    private long[] places = new long[16];

    private int count;
    private long size;
    private boolean inlineBefore;
    private @Nullable InlineFile inline;
    private long inlineSize;

    /** A chunk that contains a byte. */
    record Chunk(long start, long end, @Nullable ObjectId object, long inlinePosition) {}

    ContentIndex(ObjectSizes sizes) {
        this.sizes = sizes;
    }

    @Override
    public void inline(ByteBuffer bytes) throws TargetException {
        if (!inlineBefore) {
            add(-inlineSize - 1);
            inlineBefore = true;
        }
        size += bytes.remaining();
        inlineSize += bytes.remaining();
        try {
            InlineFile file = inline;
            if (file == null) {
                file = InlineFile.create();
                inline = file;
            }
            file.append(bytes);
        } catch (IOException e) {
            throw new TargetException(
                    "a temporary file for the stream's inline bytes", String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    public long object(long index, ObjectId id) throws IOException {
        long bytes = sizes.size(index, id);
        int number = numbers.computeIfAbsent(index, first -> {
            objects.add(id);
            return objects.size() - 1;
        });
        if (bytes > 0) {
            add(number);
            inlineBefore = false;
            size += bytes;
        }
        return bytes;
    }

    private void add(long place) {
        if (count == starts.length) {
            starts = Arrays.copyOf(starts, 2 * count);
            places = Arrays.copyOf(places, 2 * count);
        }
        starts[count] = size;
        places[count] = place;
        count++;
    }

    long size() {
        return size;
    }

    /** Returns the chunk that contains the byte at a position, which is below {@link #size()}. */
    Chunk at(long position) {
        int found = Arrays.binarySearch(starts, 0, count, position);
        int chunk = found >= 0 ? found : -found - 2;
        long end = chunk + 1 < count ? starts[chunk + 1] : size;
        long place = places[chunk];
        return place >= 0
                ? new Chunk(starts[chunk], end, objects.get((int) place), 0)
                : new Chunk(starts[chunk], end, null, -place - 1);
    }

    /** Fills a buffer's remaining bytes with inline ones. */
    void readInline(long position, ByteBuffer target) throws IOException {
        InlineFile file = inline;
        if (file == null) {
            throw new IllegalStateException("the stream has no inline bytes");
        }
        file.read(position, target);
    }

    @Override
    public void close() throws IOException {
        if (inline != null) {
            inline.close();
        }
    }
}
