package io.blobstore.split.repository;

import io.blobstore.TargetException;
import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.format.ChunkVisitor;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where each byte of a stream's content is: 16 bytes for each run of chunks of the same object, in memory or in a
 * temporary file, each object's id and size once, and a temporary file with the inline bytes. The memory is bounded by
 * the number of different objects, and not by how often a stream repeats them. Built by one thread; read by one thread
 * at a time after that.
 */
final class ContentIndex implements ChunkVisitor, Closeable {
    private final ObjectSizes sizes;
    private final WorkQueue queue;
    private final Map<Long, Integer> numbers = new HashMap<>();
    private final List<ContentObject> objects = new ArrayList<>();
    /** The number of a run's object; or, negative and minus 1, the position of its bytes among the inline ones. */
    private final RunTable runs = new RunTable();

    private long size;
    /** The number of the object of the current run; -1 for inline bytes, -2 before all runs. */
    private int current = -2;

    private @Nullable TemporaryFile inline;
    private long inlineSize;

    private record ContentObject(ObjectId id, long size) {}

    /** A chunk that contains a byte. */
    record Chunk(long start, long end, @Nullable ObjectId object, long inlinePosition) {}

    /**
     * Creates an empty index.
     *
     * @param queue that of the worker that builds the index, which ends when the transfer is stopped
     */
    ContentIndex(ObjectSizes sizes, WorkQueue queue) {
        this.sizes = sizes;
        this.queue = queue;
    }

    @Override
    public void inline(ByteBuffer bytes) throws TargetException {
        queue.requireRunning();
        if (current != -1) {
            runs.add(size, -inlineSize - 1);
            current = -1;
        }
        size += bytes.remaining();
        inlineSize += bytes.remaining();
        TemporaryFile file = inline;
        if (file == null) {
            file = TemporaryFile.create("the stream's inline bytes");
            inline = file;
        }
        file.append(bytes);
    }

    @Override
    public long object(long index, ObjectId id) throws IOException {
        queue.requireRunning();
        long bytes = sizes.size(index, id);
        int number = numbers.computeIfAbsent(index, first -> {
            objects.add(new ContentObject(id, bytes));
            return objects.size() - 1;
        });
        if (bytes > 0) {
            if (current != number) {
                runs.add(size, number);
                current = number;
            }
            size += bytes;
        }
        return bytes;
    }

    /** Ends the building, when all chunks were visited. */
    void complete() throws TargetException {
        runs.complete();
    }

    long size() {
        return size;
    }

    /** Returns the chunk that contains the byte at a position, which is below {@link #size()}. */
    Chunk at(long position) throws IOException {
        RunTable.Run run = runs.at(position);
        if (run.number() < 0) {
            return new Chunk(run.start(), Math.min(run.end(), size), null, -run.number() - 1);
        }
        ContentObject object = objects.get((int) run.number());
        long start = position - (position - run.start()) % object.size();
        return new Chunk(start, start + object.size(), object.id(), 0);
    }

    /** Fills a buffer's remaining bytes with inline ones. */
    void readInline(long position, ByteBuffer target) throws IOException {
        TemporaryFile file = inline;
        if (file == null) {
            throw new IllegalStateException("the stream has no inline bytes");
        }
        file.read(position, target);
    }

    @Override
    public void close() throws IOException {
        try (runs) {
            if (inline != null) {
                inline.close();
            }
        }
    }
}
