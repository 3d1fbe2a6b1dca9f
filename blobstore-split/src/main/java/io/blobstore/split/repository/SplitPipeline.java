package io.blobstore.split.repository;

import io.blobstore.BlobSource;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.SplitSink;
import io.blobstore.split.internal.format.SplitStreamWriter;
import io.blobstore.split.internal.input.SourceInput;
import io.blobstore.split.repository.SplitItem.ExternalPart;
import io.blobstore.split.repository.SplitItem.InlineRun;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
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

    /** Bytes between two events for listeners. */
    private static final long REPORT_BYTES = 1 << 20;

    private final BlobSource source;
    private final SourceInput input;
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
            BlobSource source,
            SourceInput input,
            SplitStreamWriter stream,
            WorkQueue queue,
            ObjectWriter objects,
            ObjectHash hash,
            int threads,
            Progress progress) {
        this.source = source;
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
        if (length == 0) {
            return;
        }
        queue.requireRunning();
        InlineRun run = tail;
        if (run == null) {
            run = new InlineRun(input.position());
            ring.add(run);
            tail = run;
        }
        run.add(length);
        inline += length;
        consume(length);
    }

    @Override
    public void object(long length, @Nullable String entry) throws IOException {
        ExternalPart part = new ExternalPart(input.position(), length, entry);
        if (length >= LargeObject.FROM) {
            submitBatch();
            LargeObject large = new LargeObject(hash, source, part, queue, objects);
            large.sections().forEach(queue::submit);
        } else {
            if (part.offset + length - batchStart > BATCH_BYTES || batch.size() == BATCH_PARTS) {
                submitBatch();
            }
            if (batch.isEmpty()) {
                batchStart = part.offset;
            }
            batch.add(part);
        }
        ring.add(part);
        tail = null;
        consume(length);
        if (ring.size() >= bound) {
            try {
                drain(bound / 2);
            } catch (InterruptedException e) {
                throw interrupted(e);
            }
        }
    }

    private void consume(long length) throws IOException {
        input.consume(length);
        if (input.position() - reported >= REPORT_BYTES) {
            report();
        }
    }

    private void report() {
        progress.parsed(input.position(), inline, input.position() - reported);
        reported = input.position();
    }

    /** Wraps an interrupt for the splitter, which passes it on. */
    private static InterruptedIOException interrupted(InterruptedException e) {
        InterruptedIOException wrapped = new InterruptedIOException("interrupted while parts were processed");
        wrapped.initCause(e);
        return wrapped;
    }

    private void submitBatch() {
        if (!batch.isEmpty()) {
            queue.submit(new PartBatch(source, batch, queue, objects));
            batch = new ArrayList<>();
        }
    }

    // ---- the stream

    /** Appends all items, and waits until all objects are stored. */
    void finish() throws IOException, InterruptedException {
        submitBatch();
        drain(0);
        report();
        queue.awaitAll();
    }

    /** Appends items until few are left in the ring. */
    private void drain(int left) throws IOException, InterruptedException {
        while (ring.size() > left) {
            SplitItem item = ring.remove();
            if (item == tail) {
                tail = null;
            }
            if (item instanceof InlineRun run) {
                stream.inlineRun(source.slice(run.offset, run.length()));
            } else if (item instanceof ExternalPart part) {
                stream.object(idOf(part), part.length());
            }
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
