package io.blobstore.split.repository;

import io.blobstore.RetainedSource;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.SplitSink;
import io.blobstore.split.internal.format.SplitStreamWriter;
import io.blobstore.split.internal.input.ContentInput;
import io.blobstore.split.repository.SplitItem.ExternalPart;
import io.blobstore.split.repository.SplitItem.InlineRun;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Takes the cuts of a splitter, has their objects hashed and stored by workers, and appends them to the stream in
 * order.
 *
 * <pre>
 * parser: cut ► ring, bounded ─────────────────────────► head of the ring, when its id is known ► stream
 *                 └► units: batches of small parts, sections of large ones ► workers: hash ► id ► find ► put
 * </pre>
 *
 * <p>The parser's thread is the only one that takes from the ring. When the ring is full, it takes what is at its head,
 * and does units itself until the head has its id: no order of threads can stop it. An id is appended as soon as it is
 * known; its object may be stored later, but before {@link #finish} returns.
 *
 * <p>Used by the parser's thread.
 */
final class SplitPipeline implements SplitSink {
    /** Parts and runs in the ring for each thread: enough that workers do not run dry while the parser is busy. */
    private static final int RING_PER_THREAD = 256;

    /** A batch of small parts has no more bytes of the source, and no more parts. */
    private static final int BATCH_BYTES = 256 << 10;

    private static final int BATCH_PARTS = 32;

    private static final int MAX_BUFFER = 128 << 10;

    /** What hashing needs is allocated before the part has arrived if that is not more than 512 KiB. In bytes. */
    private static final long MAX_HASHED_EARLY = 4L << 30;

    /** Bytes between two events for listeners, and two checks of the input. */
    private static final long REPORT_BYTES = 1 << 20;

    /** Larger runs are read with a check of the input, which then takes no time in comparison. */
    private static final long UNCHECKED = 64 << 10;

    private final ContentInput input;
    private final SplitStreamWriter stream;
    private final WorkQueue queue;
    private final ObjectWriter objects;
    private final ObjectHash hash;
    private final Progress progress;
    private final int bound;

    private final ArrayDeque<SplitItem> ring = new ArrayDeque<>();
    private List<ExternalPart> batch = new ArrayList<>();
    private long batchStart;
    private @Nullable InlineRun tail;
    private long inline;
    private long reported;

    /** Receives the number of bytes parsed, and how many of them are inline. */
    @FunctionalInterface
    interface Progress {
        void parsed(long bytes, long inline, long sinceLastTime);
    }

    SplitPipeline(
            ContentInput input,
            SplitStreamWriter stream,
            WorkQueue queue,
            ObjectWriter objects,
            ObjectHash hash,
            int threads,
            Progress progress) {
        this.input = input;
        this.stream = stream;
        this.queue = queue;
        this.objects = objects;
        this.hash = hash;
        this.progress = progress;
        this.bound = RING_PER_THREAD * threads;
    }

    // ---- cuts

    @Override
    public void inline(long length) throws IOException {
        for (long left = length, step; left > 0; left -= step) {
            step = Math.min(left, input.maxKept());
            queue.requireRunning();
            long offset = input.position();
            input.consume(step);
            InlineRun run = tail;
            if (run == null) {
                run = new InlineRun(offset);
                ring.add(run);
                tail = run;
            }
            run.add(step);
            inline += step;
            consumed();
        }
    }

    @Override
    public void object(long length, @Nullable String entry) throws IOException {
        ExternalPart part = new ExternalPart(input.position(), length, entry);
        if (length >= LargeObject.FROM) {
            large(part);
        } else {
            input.consume(length);
            endTail();
            addToBatch(part);
        }
        ring.add(part);
        consumed();
        if (ring.size() >= bound) {
            draining(() -> ring.size() > bound / 2);
        }
    }

    private void large(ExternalPart part) throws IOException {
        submitBatch();
        if (part.length() > MAX_HASHED_EARLY && input.available(part.length()) < part.length()) {
            input.consume(part.length()); // fails
        }
        LargeObject large = new LargeObject(hash, part, queue, objects);
        input.consume(
                part.length(),
                LargeObject.SECTION,
                (offset, length) -> large.arrived(offset - part.offset, input.retain(offset, length)));
        endTail();
        large.complete(input.retain(part.offset, part.length()));
    }

    private void addToBatch(ExternalPart part) {
        if (part.offset + part.length() - batchStart > BATCH_BYTES || batch.size() == BATCH_PARTS) {
            submitBatch();
        }
        if (batch.isEmpty()) {
            batchStart = part.offset;
        }
        batch.add(part);
    }

    /** Ends the run that grows, as a part follows. */
    private void endTail() {
        InlineRun run = tail;
        if (run != null) {
            run.end(
                    run.length() <= UNCHECKED
                            ? input.retainUnchecked(run.offset, run.length())
                            : input.retain(run.offset, run.length()));
            tail = null;
        }
    }

    /** Forgets what was consumed, except for what the batch and the run that grows still need. */
    private void consumed() throws IOException {
        if (input.position() - keptFrom() > input.maxKept()) {
            submitBatch();
            if (input.position() - keptFrom() > input.maxKept()) {
                draining(() -> !ring.isEmpty());
            }
        }
        input.forget(keptFrom());
        if (input.position() - reported >= REPORT_BYTES) {
            input.checkUnchanged();
            report();
        }
    }

    private long keptFrom() {
        long from = tail == null ? input.position() : tail.offset;
        return batch.isEmpty() ? from : Math.min(from, batchStart);
    }

    /** Appends items until memory for further content is free, and waits for workers if that is not enough. */
    void awaitRoom(BooleanSupplier hasRoom) throws IOException {
        submitBatch();
        draining(() -> {
            input.forget(keptFrom());
            return !ring.isEmpty() && !hasRoom.getAsBoolean();
        });
        input.forget(keptFrom());
        try {
            queue.helpUntil(hasRoom);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private void report() {
        progress.parsed(input.position(), inline, input.position() - reported);
        reported = input.position();
    }

    /** Wraps an interrupt for the splitter, which passes it on. */
    static InterruptedIOException interrupted(InterruptedException e) {
        InterruptedIOException wrapped = new InterruptedIOException("interrupted while parts were processed");
        wrapped.initCause(e);
        return wrapped;
    }

    private void submitBatch() {
        if (!batch.isEmpty()) {
            ExternalPart last = batch.get(batch.size() - 1);
            RetainedSource content = input.retain(batchStart, last.offset + last.length() - batchStart);
            queue.submit(new PartBatch(content, batch, queue, objects));
            batch = new ArrayList<>();
        }
    }

    // ---- the stream

    /** Appends all items, and waits until all objects are stored. */
    void finish() throws IOException, InterruptedException {
        if (input.available(1) > 0) {
            throw new IllegalStateException(
                    "the splitter has declared " + input.position() + " bytes only, and there are more");
        }
        submitBatch();
        endTail();
        while (!ring.isEmpty()) {
            appendFirst();
        }
        report();
        queue.awaitAll();
    }

    /** Appends items while a condition holds. */
    private void draining(BooleanSupplier condition) throws IOException {
        try {
            while (condition.getAsBoolean()) {
                appendFirst();
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private void appendFirst() throws IOException, InterruptedException {
        SplitItem item = ring.remove();
        if (item instanceof InlineRun run) {
            append(run);
        } else if (item instanceof ExternalPart part) {
            stream.object(idOf(part), part.length());
        }
    }

    private void append(InlineRun run) throws IOException {
        RetainedSource whole = run.content();
        if (whole != null) {
            try (whole) {
                stream.inlineRun(whole);
            }
            return;
        }
        tail = null; // the first bytes of a run that may go on
        try (RetainedSource begun = input.retain(run.offset, run.length())) {
            begun.forEachBuffer(MAX_BUFFER, stream::inline);
        }
    }

    private ObjectId idOf(ExternalPart part) throws IOException, InterruptedException {
        ObjectId id = part.id();
        if (id == null) {
            submitBatch(); // it may hold this part
            queue.helpUntil(() -> part.id() != null);
            id = part.id();
        }
        if (id == null) {
            throw new IllegalStateException("no id though it was awaited");
        }
        return id;
    }
}
