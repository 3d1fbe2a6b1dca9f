package io.blobstore.split.repository;

import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ThrottledException;
import io.blobstore.split.ObjectId;
import io.blobstore.transfer.TransferContext;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Neighbouring chunks of a stream that one worker puts into the target, through one window. The inline bytes are kept
 * until then; objects pass from the store into the target.
 */
final class MergeRun implements WorkQueue.Unit {
    /** A run has no more bytes, unless a single object has. */
    private static final long MAX_BYTES = 1 << 20;

    private static final int MAX_INLINE = 256 << 10;

    /** Bounds the memory of objects that have few bytes or none, of which a small stream can have any number. */
    private static final int MAX_SEGMENTS = 1024;

    private final MergeTask.Sink sink;
    private final long offset;
    private final List<Segment> segments = new ArrayList<>();
    private final ByteArrayOutputStream inline = new ByteArrayOutputStream();
    private long length;

    /**
     * An object, or {@code size} of the inline bytes if {@code id} is null.
     *
     * @param large if this is a section of a large object
     * @param from the offset of the section
     */
    private record Segment(
            @Nullable ObjectId id, long size, @Nullable LargeRead large, long from) {
        static Segment of(@Nullable ObjectId id, long size) {
            return new Segment(id, size, null, 0);
        }
    }

    MergeRun(MergeTask.Sink sink, long offset) {
        this.sink = sink;
        this.offset = offset;
    }

    long end() {
        return offset + length;
    }

    boolean isEmpty() {
        return segments.isEmpty();
    }

    boolean hasRoomFor(long size) {
        return isEmpty()
                || (length + size <= MAX_BYTES && inline.size() < MAX_INLINE && segments.size() < MAX_SEGMENTS);
    }

    void addInline(ByteBuffer bytes) {
        int size = bytes.remaining();
        byte[] copy = new byte[size];
        bytes.get(copy);
        inline.write(copy, 0, size);
        segments.add(Segment.of(null, size));
        length += size;
    }

    void addObject(ObjectId id, long size) {
        segments.add(Segment.of(id, size));
        length += size;
    }

    void addSection(LargeRead object, long from, long size) {
        segments.add(new Segment(object.id(), size, object, from));
        length += size;
    }

    @Override
    public void run(Scratch scratch) throws IOException, InterruptedException {
        TransferContext context = sink.context();
        boolean done =
                context.retrying("read objects", () -> context.withinBudget(length, () -> putUnlessRetryable(scratch)));
        if (!done) {
            putOneByOne(scratch);
        }
        for (Segment segment : segments) {
            if (segment.large() != null) {
                segment.large().arrived();
            }
        }
        sink.merged(length);
    }

    /** Puts all segments; returns false after a failure that one segment may mend by another attempt. */
    private boolean putUnlessRetryable(Scratch scratch) throws IOException {
        try {
            put(offset, length, segments, 0, scratch);
            return true;
        } catch (ThrottledException e) {
            throw e;
        } catch (BlobStoreException e) {
            if (e.isRetryable() && segments.size() > 1) {
                return false;
            }
            throw e;
        }
    }

    /** Puts each segment with attempts of its own, so that a run of many objects does not need luck. */
    private void putOneByOne(Scratch scratch) throws IOException, InterruptedException {
        TransferContext context = sink.context();
        long at = offset;
        int inlineAt = 0;
        for (Segment segment : segments) {
            long start = at;
            int inlineStart = inlineAt;
            long size = segment.size();
            context.retrying(
                    "read object",
                    () -> context.withinBudget(size, () -> {
                        put(start, size, List.of(segment), inlineStart, scratch);
                        return size;
                    }));
            at += size;
            inlineAt += segment.id() == null ? (int) size : 0;
        }
    }

    /** Makes one attempt. It has a window of its own, as what a failed one has put is undefined. */
    private void put(long start, long size, List<Segment> some, int inlineStart, Scratch scratch) throws IOException {
        @Nullable MessageDigest digest = sink.digest().copy();
        ByteBuffer bytes = ByteBuffer.wrap(inline.toByteArray()).position(inlineStart);
        try (BlobTarget.Window window = sink.writer().window(start, size)) {
            for (Segment segment : some) {
                put(segment, new PartWindow(window, segment.size(), digest), bytes, scratch);
            }
            window.flush();
        }
        sink.digest().replace(digest);
    }

    private void put(Segment segment, PartWindow part, ByteBuffer bytes, Scratch scratch) throws IOException {
        ObjectId id = segment.id();
        if (id == null) {
            part.put(bytes.slice(bytes.position(), (int) segment.size()));
            bytes.position(bytes.position() + (int) segment.size());
            part.flush();
            return;
        }
        LargeRead large = segment.large();
        if (large != null) {
            large.read(sink.store(), segment.from(), part, scratch.digest());
        } else if (sink.verify()) {
            Verification.read(sink.store(), id, part, scratch.digest());
        } else {
            sink.store().read(id, ByteRange.all(), part);
        }
        part.flush();
        if (part.remaining() > 0) {
            throw new DamagedObjectException(id, "it is " + part.remaining() + " bytes too short");
        }
    }
}
