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
    private final Optional<WholeDigest> digest;
    private @Nullable SplitPipeline pipeline;

    SplitFlow(WorkQueue queue, Optional<WholeDigest> digest) {
        this.queue = queue;
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
    public void requireRunning() {
        queue.requireRunning();
    }
}
