package io.blobstore.split.repository;

import io.blobstore.BlobSource;
import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.format.SplitStreamWriter;
import io.blobstore.split.internal.format.WrittenStream;
import io.blobstore.split.internal.input.ContentInput;
import io.blobstore.transfer.TransferContext;
import io.blobstore.transfer.TransferTask;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One split.
 *
 * <pre>
 * PARSING ─end of the source► DRAINING ─last id► SEALING (stream object) ► LINKED (name, then ref) ► outcome
 *    └── failure or cancellation: workers are interrupted and awaited ► FAILED: no link; objects stay
 * </pre>
 */
final class SplitTask implements TransferTask<SplitResult> {
    private static final Logger LOG = LoggerFactory.getLogger(SplitTask.class);

    private final Repository repository;
    private final String name;
    private final SplitSource source;
    private final SplitOptions options;
    private final int threads;
    private final SplitCounters counters;
    private final AtomicBoolean listenerFailed = new AtomicBoolean();
    private ObjectStore.@Nullable Session joined;

    // Written by the first worker, read by the last.
    private final ArrayDeque<Closeable> resources = new ArrayDeque<>();
    private @Nullable WriterSession session;
    private @Nullable SplitResult sealed;

    private SplitTask(Repository repository, String name, SplitSource source, SplitOptions options, int threads) {
        this.repository = repository;
        this.name = name;
        this.source = source;
        this.options = options;
        this.threads = threads;
        this.counters = new SplitCounters(source.size());
    }

    /** Creates the split of a source, which is retained. */
    static SplitTask of(Repository repository, String name, BlobSource source, SplitOptions options, int threads) {
        RepositoryPaths.stream(name);
        return new SplitTask(repository, name, new SplitSource.Retained(source.retain()), options, threads);
    }

    /** Creates the split of a stream, which the caller closes. */
    static SplitTask of(
            Repository repository, String name, ReadableByteChannel stream, SplitOptions options, int threads) {
        RepositoryPaths.stream(name);
        SplitSource source = new SplitSource.Stream(stream, options.streamMemory(), temporaries());
        return new SplitTask(repository, name, source, options, threads);
    }

    /** Makes the split use a session that the caller ends. */
    void joining(ObjectStore.Session session) {
        joined = session;
    }

    @Override
    public String description() {
        return "split of '" + name + "'";
    }

    @Override
    public void begin(TransferContext context) throws IOException, InterruptedException {
        ObjectStore store = repository.objects();
        context.planned(source.size(), 1);
        WorkQueue queue = new WorkQueue(context, store.hash(), threads - 1);
        try {
            WriterSession writer = new WriterSession(
                    store, joined != null ? joined : open(WriterSession.begin(store, context)), context);
            session = writer;
            SplitStreamWriter stream =
                    open(SplitStreamWriter.create(store.hash(), options.contentType(), temporaries()));
            for (Map.Entry<String, String> reference : options.streams().entrySet()) {
                ObjectId other = context.retrying("find stream", () -> repository.stream(reference.getValue()));
                stream.streamRef(reference.getKey(), other);
                if (joined == null) { // otherwise it was stored, or found, in the same session
                    new StreamRenewal(writer, queue).renew(other, reference.getValue());
                }
            }
            Optional<WholeDigest> digest = options.expected().map(expected -> new WholeDigest(expected, queue));
            ObjectWriter objects = open(new ObjectWriter(writer, context, queue, options.heal(), counters));
            SplitFlow flow = new SplitFlow(queue, objects, digest);
            ContentInput input = open(source.open(flow));
            SplitPipeline pipeline =
                    new SplitPipeline(input, stream, queue, objects, store.hash(), threads, (parsed, inline, bytes) -> {
                        counters.parsed(parsed, inline);
                        report(context, bytes);
                    });
            flow.connect(pipeline);
            options.splitter().split(input, pipeline);
            pipeline.finish();
            if (digest.isPresent()) {
                digest.get().requireExpected();
            }
            input.checkUnchanged();
            counters.total(input.position());
            context.planned(input.position(), 1);
            seal(stream, objects);
            writer.confirm(queue);
            context.retrying("sync", () -> {
                writer.session().sync();
                return name;
            });
        } catch (WorkQueue.StoppedException e) {
            return; // the reason is known already
        } finally {
            queue.close();
        }
    }

    private static Path temporaries() {
        return Path.of(System.getProperty("java.io.tmpdir"));
    }

    private <R extends Closeable> R open(R resource) {
        resources.push(resource);
        return resource;
    }

    private void report(TransferContext context, long bytes) {
        if (bytes > 0) {
            context.moved(bytes);
        }
        try {
            options.listener().onProgress(counters.progress());
        } catch (RuntimeException e) {
            if (!listenerFailed.getAndSet(true)) {
                LOG.warn("{}: the listener threw; the split continues. Logged once.", description(), e);
            }
        }
    }

    /** Stores the stream itself: all that it refers to is stored. */
    private void seal(SplitStreamWriter stream, ObjectWriter objects) throws IOException, InterruptedException {
        WrittenStream written = stream.finish();
        SplitProgress progress = counters.progress();
        objects.write(
                written.id(),
                written.content(),
                new Scratch(repository.objects().hash()));
        sealed = new SplitResult(name, written.id(), written.content().size(), progress);
    }

    @Override
    public SplitResult complete(TransferContext context) throws IOException, InterruptedException {
        SplitResult result = Optional.ofNullable(sealed).orElseThrow(IllegalStateException::new);
        WriterSession writer = Optional.ofNullable(session).orElseThrow(IllegalStateException::new);
        ObjectStore store = repository.objects();
        String stream = RepositoryPaths.stream(name);
        String object = RepositoryPaths.object(result.stream());
        context.retrying("link stream", () -> {
            store.setLink(stream, object);
            return result;
        });
        writer.keepLink(stream, object);
        if (options.ref().isPresent()) {
            context.retrying("link ref", () -> {
                store.setLink(RepositoryPaths.ref(options.ref().get()), stream);
                return result;
            });
        }
        if (joined == null) { // with retries, as long as there are any; release would have none
            resources.removeLast();
            writer.end(description());
        }
        return result;
    }

    @Override
    public void release(@Nullable Throwable problem) {
        while (!resources.isEmpty()) {
            try {
                resources.pop().close();
            } catch (IOException | RuntimeException e) {
                if (problem != null) {
                    problem.addSuppressed(e);
                }
                LOG.warn("{}: a resource was not released", description(), e);
            }
        }
        source.release();
    }
}
