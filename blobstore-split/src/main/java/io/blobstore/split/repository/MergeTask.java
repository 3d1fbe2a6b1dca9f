package io.blobstore.split.repository;

import io.blobstore.BlobKey;
import io.blobstore.BlobTarget;
import io.blobstore.RangeNotSatisfiableException;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.format.ChunkVisitor;
import io.blobstore.split.internal.format.SplitStreamReader;
import io.blobstore.transfer.TransferContext;
import io.blobstore.transfer.TransferTask;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One merge: the first worker decodes the stream, and gives runs of neighbouring chunks to the others, which put them
 * into windows of the target. The target is committed when all have arrived, were verified, and add up.
 */
final class MergeTask implements TransferTask<MergeResult> {
    private static final Logger LOG = LoggerFactory.getLogger(MergeTask.class);

    private final Repository repository;
    private final String name;
    private final BlobTarget.Writer writer;
    private final long room;
    private final MergeOptions options;
    private final int threads;

    // Written by the first worker, read by the last.
    private @Nullable MergeResult merged;

    MergeTask(Repository repository, String name, BlobTarget target, MergeOptions options, int threads)
            throws IOException {
        this.repository = repository;
        this.name = name;
        this.options = options;
        // Digesting needs the order of the content.
        this.threads = options.expected().isPresent() ? 1 : threads;
        this.room = target.room();
        this.writer = target.open();
    }

    /** What the runs of a merge share. */
    record Sink(
            TransferContext context,
            ObjectStore store,
            BlobTarget.Writer writer,
            boolean verify,
            OrderedDigest digest) {
        void merged(long bytes) {
            context.moved(bytes);
        }
    }

    @Override
    public String description() {
        return "merge of '" + name + "'";
    }

    @Override
    public void begin(TransferContext context) throws IOException, InterruptedException {
        ObjectStore store = repository.objects();
        ObjectHash hash = store.hash();
        WorkQueue queue = new WorkQueue(context, hash, threads - 1);
        ObjectId id = context.retrying("find stream", () -> repository.stream(name));
        Scratch scratch = new Scratch(hash);
        try (SplitStreamReader reader = SplitStreamReader.open(
                context.retrying("read stream", () -> StreamChannels.verified(store, id, scratch.digest())),
                hash,
                name)) {
            requireRoom(reader.header().size());
            context.planned(reader.header().size(), 1);
            reader.namedRefs(); // fails if they are damaged
            ObjectSizes sizes = ObjectSizes.find(store, reader.objectRefs(), queue, context);
            OrderedDigest digest = new OrderedDigest(options.expected());
            Decoder decoder =
                    new Decoder(queue, sizes, new Sink(context, store, writer, options.verify(), digest), threads);
            reader.forEachChunk(decoder);
            decoder.flush();
            queue.awaitAll();
            digest.requireExpected();
            merged = new MergeResult(id, decoder.run.end(), decoder.inline, decoder.objects);
        } catch (WorkQueue.StoppedException e) {
            return; // the reason is known already
        } finally {
            queue.close();
        }
    }

    private void requireRoom(long size) throws RangeNotSatisfiableException {
        if (size > room) {
            throw new RangeNotSatisfiableException(
                    BlobKey.of(RepositoryPaths.STREAMS + name),
                    "the target has room for " + room + " bytes, the stream merges to " + size
                            + "; use a larger target");
        }
    }

    /** Collects chunks in runs. Used by one thread. */
    private static final class Decoder implements ChunkVisitor {
        private final WorkQueue queue;
        private final ObjectSizes sizes;
        private final Sink sink;
        private final int bound;
        private MergeRun run;
        private long inline;
        private long objects;

        Decoder(WorkQueue queue, ObjectSizes sizes, Sink sink, int threads) {
            this.queue = queue;
            this.sizes = sizes;
            this.sink = sink;
            this.bound = 2 * threads;
            this.run = new MergeRun(sink, 0);
        }

        @Override
        public void inline(ByteBuffer bytes) throws IOException {
            queue.requireRunning();
            makeRoom(bytes.remaining());
            inline += bytes.remaining();
            run.addInline(bytes);
        }

        @Override
        public long object(long index, ObjectId id) throws IOException {
            long size = sizes.size(index, id);
            objects++;
            if (size >= LargeRead.FROM) {
                addSections(new LargeRead(id, size, sink.store().hash(), sink.verify()), size);
            } else {
                makeRoom(size);
                run.addObject(id, size);
            }
            return size;
        }

        private void addSections(LargeRead object, long size) throws IOException {
            for (long from = 0; from < size; from += LargeRead.SECTION) {
                flush();
                run.addSection(object, from, Math.min(LargeRead.SECTION, size - from));
            }
        }

        private void makeRoom(long size) throws IOException {
            if (!run.hasRoomFor(size)) {
                flush();
            }
        }

        void flush() throws IOException {
            if (!run.isEmpty()) {
                queue.submit(run);
                run = new MergeRun(sink, run.end());
            }
            try {
                queue.awaitRoom(bound);
            } catch (InterruptedException e) {
                InterruptedIOException wrapped = new InterruptedIOException("interrupted while objects were read");
                wrapped.initCause(e);
                throw wrapped;
            }
        }
    }

    @Override
    public MergeResult complete(TransferContext context) throws IOException {
        MergeResult result = Optional.ofNullable(merged).orElseThrow(IllegalStateException::new);
        writer.commit(result.bytes());
        return result;
    }

    @Override
    public void release(@Nullable Throwable problem) {
        try {
            writer.close();
        } catch (IOException e) {
            if (problem != null) {
                problem.addSuppressed(e);
            }
            LOG.warn("{}: the incomplete content could not be removed", description(), e);
        }
    }
}
