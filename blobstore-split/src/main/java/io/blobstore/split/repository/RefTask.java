package io.blobstore.split.repository;

import io.blobstore.split.ObjectId;
import io.blobstore.transfer.TransferContext;
import io.blobstore.transfer.TransferTask;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sets one ref, after everything to which it will lead was found, and made young where a collection needs that. */
final class RefTask implements TransferTask<ObjectId> {
    private static final Logger LOG = LoggerFactory.getLogger(RefTask.class);

    private final Repository repository;
    private final String ref;
    private final String stream;
    private final int threads;

    // Written by the first worker, read by the last.
    private @Nullable WriterSession session;
    private @Nullable ObjectId found;

    RefTask(Repository repository, String ref, String stream, int threads) {
        RepositoryPaths.ref(ref);
        RepositoryPaths.stream(stream);
        this.repository = repository;
        this.ref = ref;
        this.stream = stream;
        this.threads = threads;
    }

    @Override
    public String description() {
        return "ref '" + ref + "' to '" + stream + "'";
    }

    @Override
    public void begin(TransferContext context) throws IOException, InterruptedException {
        ObjectStore store = repository.objects();
        WorkQueue queue = new WorkQueue(context, store.hash(), threads - 1);
        try {
            WriterSession writer = new WriterSession(store, WriterSession.begin(store, context), context);
            session = writer;
            ObjectId id = context.retrying("find stream", () -> repository.stream(stream));
            new StreamRenewal(writer, queue).renew(id, stream);
            writer.confirm(queue);
            found = id;
        } catch (WorkQueue.StoppedException e) {
            LOG.trace("{}: stopped", description());
        } finally {
            queue.close();
        }
    }

    @Override
    public ObjectId complete(TransferContext context) throws IOException, InterruptedException {
        WriterSession writer = Optional.ofNullable(session).orElseThrow(IllegalStateException::new);
        ObjectId id = Optional.ofNullable(found).orElseThrow(IllegalStateException::new);
        String link = RepositoryPaths.stream(stream);
        writer.keepLink(link, RepositoryPaths.object(id));
        context.retrying("link ref", () -> {
            writer.session().sync();
            repository.objects().setLink(RepositoryPaths.ref(ref), link);
            return id;
        });
        session = null;
        writer.end(description());
        return id;
    }

    @Override
    public void release(@Nullable Throwable problem) {
        WriterSession writer = session;
        if (writer != null) {
            try {
                writer.session().close();
            } catch (IOException | RuntimeException e) {
                if (problem != null) {
                    problem.addSuppressed(e);
                }
                LOG.warn("{}: its session was not ended", description(), e);
            }
        }
    }
}
