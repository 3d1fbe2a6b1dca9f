package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ReadResult;
import io.blobstore.StoredBlob;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A transfer whose work is a {@link TransferTask}. */
final class TaskTransfer<T> extends ParallelTransfer<T> {
    private final TransferTask<T> task;
    private final RequestThrottle throttle;
    private final TransferContext context = new Context();

    TaskTransfer(
            TransferTask<T> task,
            RetryPolicy retry,
            RequestThrottle throttle,
            TransferListener listener,
            Environment environment) {
        super(environment, task.description(), retry, throttle, listener);
        this.task = task;
        this.throttle = throttle;
    }

    @Override
    void begin() throws IOException, InterruptedException {
        task.begin(context);
    }

    @Override
    T complete() throws IOException, InterruptedException {
        return task.complete(context);
    }

    @Override
    void release(@Nullable Throwable problem) {
        task.release(problem);
    }

    private final class Context implements TransferContext {
        @Override
        public int startWorkers(int workers, TransferContext.Work work) {
            return call(workers, work::run);
        }

        @Override
        public boolean isStopped() {
            return TaskTransfer.this.isStopped();
        }

        @Override
        public <R> R retrying(String request, TransferContext.Request<R> body)
                throws IOException, InterruptedException {
            return TaskTransfer.this.retrying(request, body::send);
        }

        @Override
        public <R> R withinBudget(long bytes, TransferContext.Request<R> request)
                throws IOException, InterruptedException {
            return TaskTransfer.this.withinBudget(bytes, request::send);
        }

        @Override
        public StoredBlob upload(BlobStore store, BlobKey key, BlobSource source, UploadOptions options)
                throws IOException, InterruptedException {
            return Step.run(
                    new Upload(store, key, source, step(options), environment().withThrottle(throttle)));
        }

        @Override
        public StoredBlob copy(BlobStore source, BlobKey from, BlobStore target, BlobKey to, UploadOptions options)
                throws IOException, InterruptedException {
            return Step.run(new Copy(
                    source, from, target, to, step(options), environment().withThrottle(throttle)));
        }

        private UploadOptions step(UploadOptions options) {
            return options.toBuilder()
                    .listener(new Step(tracker(), options.listener()))
                    .build();
        }

        @Override
        public ReadResult download(BlobStore store, BlobKey key, BlobTarget target, DownloadOptions options)
                throws IOException, InterruptedException {
            DownloadOptions step = options.toBuilder()
                    .listener(new Step(tracker(), options.listener()))
                    .build();
            return Step.run(
                    new Download(store, key, ByteRange.all(), Optional.empty(), target, step, throttle, environment()));
        }

        @Override
        public void planned(long totalBytes, int totalParts) {
            tracker().planned(totalBytes, totalParts);
        }

        @Override
        public void moved(long bytes) {
            tracker().moved(bytes);
        }
    }
}
