package io.blobstore.split.repository;

import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.split.ObjectId;
import io.blobstore.transfer.TransferContext;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
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

    private final MergeTask.Sink sink;
    private final long offset;
    private final List<Segment> segments = new ArrayList<>();
    private final ByteArrayOutputStream inline = new ByteArrayOutputStream();
    private long length;
    private int objects;

    /** An object, or {@code size} of the inline bytes if {@code id} is null. */
    private record Segment(@Nullable ObjectId id, long size) {}

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
        return isEmpty() || (length + size <= MAX_BYTES && inline.size() < MAX_INLINE);
    }

    void addInline(ByteBuffer bytes) {
        int size = bytes.remaining();
        byte[] copy = new byte[size];
        bytes.get(copy);
        inline.write(copy, 0, size);
        segments.add(new Segment(null, size));
        length += size;
    }

    void addObject(ObjectId id, long size) {
        segments.add(new Segment(id, size));
        length += size;
        objects++;
    }

    @Override
    public void run(Scratch scratch) throws IOException, InterruptedException {
        TransferContext context = sink.context();
        // Each attempt has a new window, as what a failed one has put is undefined.
        context.retrying("read objects", () -> context.withinBudget(length, () -> {
            try (BlobTarget.Window window = sink.writer().window(offset, length)) {
                fill(window, scratch);
                window.flush();
            }
            return length;
        }));
        sink.merged(length);
    }

    private void fill(BlobTarget.Window window, Scratch scratch) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(inline.toByteArray());
        for (Segment segment : segments) {
            ObjectId id = segment.id();
            BlobTarget.Window part = new PartWindow(window, segment.size(), sink.digest());
            if (id == null) {
                part.put(bytes.slice(bytes.position(), (int) segment.size()));
                bytes.position(bytes.position() + (int) segment.size());
            } else if (sink.verify()) {
                Verification.read(sink.store(), id, part, scratch.digest());
            } else {
                sink.store().read(id, ByteRange.all(), part);
            }
            part.flush();
            if (part.remaining() > 0 && id != null) {
                throw new DamagedObjectException(id, "it is " + part.remaining() + " bytes too short");
            }
        }
    }
}
