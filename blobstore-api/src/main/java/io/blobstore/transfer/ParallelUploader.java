package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.StoredBlob;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.random.RandomGenerator;

/**
 * Stores large blobs in parallel parts, straight from memory.
 *
 * <p>A blob larger than one part goes as a multipart upload, its parts sent side by side under two limits: parts per
 * transfer ({@link UploadOptions#concurrency()}) and bytes in flight over all transfers of this uploader
 * ({@link Builder#maxBytesInFlight}). Smaller blobs, and all blobs for a store without multipart, are stored in one request.
 * Each part is retried by itself. The first part that fails for good stops the others, and the upload is aborted after the
 * last of them has let go of the memory.
 *
 * <p>The content's checksum is computed once, part by part while it is sent, combined, and compared with what the store says
 * it has.
 *
 * <p>An uploader is meant to be shared: it is the bound on memory in use and, with the default executor, on threads.
 * Thread-safe.
 */
public final class ParallelUploader implements AutoCloseable {
    private final Environment environment;
    private final Optional<ExecutorService> ownExecutor;
    private final Set<Upload> running = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    private ParallelUploader(Builder builder) {
        this.ownExecutor = builder.executor.isPresent() ? Optional.empty() : Optional.of(TransferExecutor.create());
        this.environment = new Environment(
                builder.executor.or(() -> ownExecutor).orElseThrow(),
                new ByteBudget(builder.maxBytesInFlight),
                builder.clock,
                builder.random);
    }

    /** An uploader with everything at its default. */
    public static ParallelUploader create() {
        return builder().build();
    }

    /** A builder with everything at its default. */
    public static Builder builder() {
        return new Builder();
    }

    /** Begins an upload with default options; see {@link #upload(BlobStore, BlobKey, BlobSource, UploadOptions)}. */
    public Transfer<StoredBlob> upload(BlobStore store, BlobKey key, BlobSource source) {
        return upload(store, key, source, UploadOptions.DEFAULT);
    }

    /**
     * Begins an upload and returns at once. The source is retained from now until the transfer has completed: a mapped file
     * may be closed meanwhile, and is unmapped after that.
     *
     * @throws IllegalArgumentException if the blob is larger than the store allows
     * @throws IllegalStateException if this uploader, or the source's memory, is closed
     * @throws java.util.concurrent.RejectedExecutionException if the executor does not take the transfer
     */
    public Transfer<StoredBlob> upload(BlobStore store, BlobKey key, BlobSource source, UploadOptions options) {
        requireOpen();
        Upload upload = new Upload(store, key, source, options, environment, running::remove);
        running.add(upload);
        try {
            requireOpen(); // after adding: close() either sees this upload, or is seen here
        } catch (IllegalStateException e) {
            upload.cancel();
            throw e;
        }
        upload.start();
        return upload;
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("this uploader is closed");
        }
    }

    /**
     * Refuses further uploads, waits for those under way, and ends the threads that this uploader made. If the waiting
     * thread is interrupted, cancels them, and still waits. Idempotent.
     */
    @Override
    public void close() {
        closed = true;
        boolean interrupted = false;
        for (Upload upload : running) {
            CompletableFuture<?> end = upload.toCompletableFuture().handle((result, problem) -> null);
            while (!end.isDone()) {
                try {
                    end.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                    running.forEach(Upload::cancel);
                } catch (ExecutionException e) {
                    throw new AssertionError("handled above", e);
                }
            }
        }
        ownExecutor.ifPresent(ExecutorService::shutdown);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Builds an uploader. Not thread-safe. */
    public static final class Builder {
        private static final long DEFAULT_MAX_BYTES_IN_FLIGHT = 256L << 20;

        private Optional<Executor> executor = Optional.empty();
        private long maxBytesInFlight = DEFAULT_MAX_BYTES_IN_FLIGHT;
        private TransferClock clock = TransferClock.SYSTEM;
        private RandomGenerator random = new Random(); // thread-safe, unlike RandomGenerator.getDefault()

        private Builder() {}

        /**
         * Sets what runs the transfers; the caller keeps it and shuts it down, after the uploader: a transfer that waits in
         * the queue of an executor which then drops it never begins, and completes only when it is cancelled. Default: virtual threads on JDK 21 and later,
         * otherwise a pool of 16 daemon threads, of this uploader's own.
         */
        public Builder executor(Executor executor) {
            this.executor = Optional.of(executor);
            return this;
        }

        /** Sets the most bytes of parts under way at once, over all transfers; default 256 MiB. */
        public Builder maxBytesInFlight(long bytes) {
            this.maxBytesInFlight = bytes;
            return this;
        }

        /** Sets the time that retries wait by. */
        public Builder clock(TransferClock clock) {
            this.clock = clock;
            return this;
        }

        /** Sets where the jitter of retries comes from; must be thread-safe. */
        public Builder random(RandomGenerator random) {
            this.random = random;
            return this;
        }

        /** Builds the uploader, to be closed by the caller. */
        public ParallelUploader build() {
            return new ParallelUploader(this);
        }
    }
}
