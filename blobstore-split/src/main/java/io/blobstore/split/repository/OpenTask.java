package io.blobstore.split.repository;

import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.format.SplitStreamReader;
import io.blobstore.transfer.TransferContext;
import io.blobstore.transfer.TransferTask;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decodes a stream, and finds the sizes of its objects, so that its content can be read at any position. */
final class OpenTask implements TransferTask<SplitContent> {
    private static final Logger LOG = LoggerFactory.getLogger(OpenTask.class);

    private final Repository repository;
    private final String name;
    private final int threads;

    // Written by the first worker, read by the last.
    private @Nullable ContentIndex index;

    OpenTask(Repository repository, String name, int threads) {
        this.repository = repository;
        this.name = name;
        this.threads = threads;
    }

    @Override
    public String description() {
        return "opening of '" + name + "'";
    }

    @Override
    public void begin(TransferContext context) throws IOException, InterruptedException {
        ObjectStore store = repository.objects();
        WorkQueue queue = new WorkQueue(context, store.hash(), threads - 1);
        ObjectId id = context.retrying("find stream", () -> repository.stream(name));
        Scratch scratch = new Scratch(store.hash());
        try (SplitStreamReader reader = SplitStreamReader.open(
                context.retrying("read stream", () -> StreamChannels.verified(store, id, scratch.digest())),
                store.hash(),
                name)) {
            ContentIndex built = new ContentIndex(ObjectSizes.find(store, reader.objectRefs(), queue, context), queue);
            index = built;
            reader.forEachChunk(built);
            built.complete();
        } catch (WorkQueue.StoppedException e) {
            return; // the reason is known already
        } finally {
            queue.close();
        }
    }

    @Override
    public SplitContent complete(TransferContext context) {
        return new SplitContent(
                repository.objects(), Optional.ofNullable(index).orElseThrow(IllegalStateException::new));
    }

    @Override
    public void release(@Nullable Throwable problem) {
        ContentIndex built = index;
        if (problem != null && built != null) {
            try {
                built.close();
            } catch (IOException e) {
                LOG.warn("{}: its temporary file was not deleted", description(), e);
            }
        }
    }
}
