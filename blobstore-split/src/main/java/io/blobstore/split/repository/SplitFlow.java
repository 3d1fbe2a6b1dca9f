package io.blobstore.split.repository;

import io.blobstore.RetainedSource;
import io.blobstore.split.internal.input.StreamFlow;
import java.io.IOException;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Connects an input to the pipeline that processes it, and to the digest of the whole. Used by the parser's thread. */
final class SplitFlow implements StreamFlow {
    private final WorkQueue queue;
    private final ObjectWriter objects;
    private final Optional<WholeDigest> digest;
    private @Nullable SplitPipeline pipeline;

    SplitFlow(WorkQueue queue, ObjectWriter objects, Optional<WholeDigest> digest) {
        this.queue = queue;
        this.objects = objects;
        this.digest = digest;
    }

    /** Sets the pipeline, before anything is read. */
    void connect(SplitPipeline processing) {
        pipeline = processing;
    }

    @Override
    public void awaitRoom(BooleanSupplier hasRoom) throws IOException {
        SplitPipeline processing = pipeline;
        if (processing == null) {
            throw new IllegalStateException("nothing processes what is read");
        }
        processing.awaitRoom(hasRoom);
    }

    @Override
    public void arrived(RetainedSource content) {
        digest.ifPresentOrElse(whole -> whole.add(content), content::close);
    }

    @Override
    public void beforeRead() throws IOException {
        queue.requireRunning();
        try {
            objects.keepAlive();
        } catch (InterruptedException e) {
            throw SplitPipeline.interrupted(e);
        }
    }
}
