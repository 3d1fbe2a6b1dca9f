package io.blobstore.transfer;

import static io.blobstore.StoreEvent.Direction.DOWNLOAD;
import static io.blobstore.StoreEvent.Direction.OTHER;
import static io.blobstore.StoreEvent.Direction.UPLOAD;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ReadResult;
import io.blobstore.StoreEvent;
import io.blobstore.StoreObserver;
import io.blobstore.StoredBlob;
import io.blobstore.internal.prefetch.PrefetchMemory;
import io.blobstore.spi.TransferEvents;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.function.IntFunction;
import java.util.random.RandomGenerator;

/**
 * Uploads and downloads large blobs in parallel parts, straight from and into memory that the caller owns, or a file.
 *
 * <pre>{@code
 * try (TransferManager transfers = TransferManager.create();
 *         MappedFile file = MappedFile.open(path)) {
 *     StoredBlob stored = transfers.upload(store, key, file.region()).join();
 *     BlobTarget copy = BlobTarget.ofPath(Path.of("copy.img"));
 *     ReadResult read = transfers.download(store, key, ByteRange.all(), copy).join();
 *     System.out.println(read.length() + " bytes of version " + stored.version());
 * }
 * }</pre>
 *
 * <p>A blob larger than one part is transferred as parallel parts, under two limits: parts per transfer
 * ({@link UploadOptions#concurrency()}, {@link DownloadOptions#concurrency()}) and bytes in flight over all transfers
 * of this manager, in both directions ({@link Builder#maxBytesInFlight}). Each part is retried by itself; if the store
 * throttles, all parts slow down ({@link RetryPolicy}). The first part that fails permanently stops the others, and the
 * transfer fails after the last of them has released the memory.
 *
 * <p><b>Uploads.</b> Large blobs are stored as multipart uploads; smaller blobs, and all blobs in a store without
 * multipart support, with one request. A failed or cancelled upload is aborted. The content's checksum is computed
 * once, part by part while it is sent, combined, and compared with the checksum the store reports.
 *
 * <p><b>Downloads.</b> The first request determines the blob's size and version. All parts are of that version: if the
 * blob is replaced meanwhile, the download fails with {@link io.blobstore.PreconditionFailedException} and never
 * returns a mixture. A retried part resumes at the byte it had reached. The checksums of the parts are combined, in
 * whatever order they arrived; if the whole blob was read, the result is compared with the store's checksum. If the
 * store has none, one more request at the end confirms that the version still exists, because some servers check the
 * version before they open the content and may then send a newer one.
 *
 * <p>A manager is meant to be shared: it bounds the memory in use, the requests in flight and, with the default
 * executor, the threads. Its own threads do not keep the JVM from exiting: if the main method returns, or
 * {@link System#exit} is called, while transfers are running, they end incomplete, and a warning is logged.
 *
 * <p>Thread-safe.
 */
public final class TransferManager implements AutoCloseable {
    /** The number of bytes that a connection of 50 MiB/s transfers in 20 ms. */
    private static final long DEFAULT_MAX_GAP = 1 << 20;

    private final Environment environment;
    private final Optional<ExecutorService> ownExecutor;
    private final PrefetchMemory readAheadMemory;
    private final ReaderGroups readerGroups;

    private TransferManager(Builder builder) {
        readAheadMemory = new PrefetchMemory(builder.readAheadMemory);
        readerGroups = new ReaderGroups(readAheadMemory, builder.clock);
        ByteBudget budget = new ByteBudget(builder.maxBytesInFlight);
        ownExecutor = builder.executor.isPresent() ? Optional.empty() : Optional.of(TransferExecutor.create());
        environment = new Environment(
                builder.executor.or(() -> ownExecutor).orElseThrow(),
                budget,
                new RunningTransfers(),
                builder.clock,
                builder.random,
                new TransferEvents(builder.observer),
                Optional.empty());
    }

    /** Creates a manager with default settings, to be closed by the caller. */
    public static TransferManager create() {
        return builder().build();
    }

    /** Returns a builder with default settings. */
    public static Builder builder() {
        return new Builder();
    }

    // ---- uploads

    /** Starts an upload with default options; see {@link #upload(BlobStore, BlobKey, BlobSource, UploadOptions)}. */
    public Transfer<StoredBlob> upload(BlobStore store, BlobKey key, BlobSource source) {
        return upload(store, key, source, UploadOptions.DEFAULT);
    }

    /**
     * Starts an upload and returns at once. The source is retained from now until the transfer has completed: a mapped
     * file may be closed meanwhile, and is unmapped after that.
     *
     * @throws IllegalArgumentException if the blob is larger than the store allows
     * @throws IllegalStateException if this manager, or the source's memory, is closed
     * @throws java.util.concurrent.RejectedExecutionException if the executor rejects the transfer
     */
    public Transfer<StoredBlob> upload(BlobStore store, BlobKey key, BlobSource source, UploadOptions options) {
        Objects.requireNonNull(store, "store");
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(options, "options");
        requireOpen();
        Upload upload = observe(UPLOAD, store, key, enter(new Upload(store, key, source, options, environment)));
        upload.start();
        return upload;
    }

    /**
     * Starts an upload of content that is made while it is uploaded, and returns at once. The generator runs on a
     * thread of the executor; each part is sent as soon as it is full. See {@link BlobWriter} for the memory that
     * takes.
     *
     * @param generator closed when the transfer ends, or if this throws
     * @return the transfer; its result is the generator's
     * @throws IllegalStateException if this manager is closed
     * @throws java.util.concurrent.RejectedExecutionException if the executor rejects the transfer
     */
    public <R> Transfer<R> upload(BlobStore store, BlobKey key, ContentGenerator<R> generator, UploadOptions options) {
        Objects.requireNonNull(generator, "generator");
        StreamedUpload<R> upload;
        try {
            Objects.requireNonNull(store, "store");
            Objects.requireNonNull(key, "key");
            Objects.requireNonNull(options, "options");
            requireOpen();
            upload = new StreamedUpload<>(store, key, generator, options, environment);
        } catch (RuntimeException | Error e) {
            try {
                generator.close();
            } catch (IOException closing) {
                e.addSuppressed(closing);
            }
            throw e;
        }
        observe(UPLOAD, store, key, enter(upload)).start();
        return upload;
    }

    /** Opens a writer with default options; see {@link #openWriter(BlobStore, BlobKey, long, UploadOptions)}. */
    public BlobWriter openWriter(BlobStore store, BlobKey key) {
        return openWriter(store, key, TransferProgress.UNKNOWN, UploadOptions.DEFAULT);
    }

    /**
     * Opens a writer that stores a blob piece by piece. Sends no request yet.
     *
     * @param maxSize the most bytes that will be written, from which the size of the parts is planned: stores accept a
     *     limited number of parts. With {@link TransferProgress#UNKNOWN}, parts grow where that is necessary, from the
     *     preferred size; some S3-compatible servers require parts of one size, so announce a maximum there
     * @return a writer, to be closed by the caller before this manager; if it is not, closing the manager cancels it
     * @throws IllegalStateException if this manager is closed
     */
    public BlobWriter openWriter(BlobStore store, BlobKey key, long maxSize, UploadOptions options) {
        Objects.requireNonNull(store, "store");
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(options, "options");
        requireOpen();
        StreamedUpload<StoredBlob> upload = enter(StreamedUpload.ofWriter(store, key, maxSize, options, environment));
        observe(UPLOAD, store, key, upload).hold();
        return upload.writer();
    }

    /**
     * Starts to copy a blob to another store, and returns at once: reads parts of one version into pooled direct
     * buffers, and sends them, in parallel. {@link UploadOptions#concurrency()} bounds the parts,
     * {@code maxBytesInFlight} their memory. The copy becomes visible when the checksum of all that was read is that of
     * the blob. Inside one store use {@link BlobStore#copy}, for which the content need not pass through this process.
     *
     * @param options content headers and user metadata are those of the blob, except for what these options have; if
     *     they have {@link UploadOptions#ifChanged()}, checksums of both stores are compared. A copy is not resumable
     * @throws IllegalArgumentException if the options have {@link UploadOptions#resumable()}
     * @throws IllegalStateException if this manager is closed
     * @throws java.util.concurrent.RejectedExecutionException if the executor rejects the transfer
     */
    public Transfer<StoredBlob> copy(
            BlobStore source, BlobKey from, BlobStore target, BlobKey to, UploadOptions options) {
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(from, "from");
        Objects.requireNonNull(target, "target");
        Objects.requireNonNull(to, "to");
        Objects.requireNonNull(options, "options");
        requireOpen();
        Copy copy = observe(UPLOAD, target, to, enter(new Copy(source, from, target, to, options, environment)));
        copy.start();
        return copy;
    }

    // ---- downloads

    /**
     * Starts a download with default options; see {@link #download(BlobStore, BlobKey, ByteRange, BlobTarget,
     * DownloadOptions)}.
     */
    public Transfer<ReadResult> download(BlobStore store, BlobKey key, ByteRange range, BlobTarget target)
            throws IOException {
        return download(store, key, range, target, DownloadOptions.DEFAULT);
    }

    /**
     * Starts a download and returns at once. The target is held from now until the transfer has completed: a mapped
     * file may be closed meanwhile, and is unmapped after that. The transfer fails with the exceptions that
     * {@link BlobStore#read} throws. A range that is the whole blob is compared with the blob's checksum; a part of it
     * has none to compare with, and is not verified.
     *
     * @throws IllegalArgumentException if the target is smaller than an exact range
     * @throws IllegalStateException if this manager or the target's memory is closed, or the memory is mapped read-only
     * @throws IOException if the target cannot be opened, for example because its directory is missing
     * @throws java.util.concurrent.RejectedExecutionException if the executor rejects the transfer
     */
    public Transfer<ReadResult> download(
            BlobStore store, BlobKey key, ByteRange range, BlobTarget target, DownloadOptions options)
            throws IOException {
        Objects.requireNonNull(store, "store");
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(range, "range");
        Objects.requireNonNull(target, "target");
        Objects.requireNonNull(options, "options");
        requireOpen();
        RequestThrottle throttle = environment.throttle(options.retry(), options.concurrency());
        Download download =
                enter(new Download(store, key, range, Optional.empty(), target, options, throttle, environment));
        observe(DOWNLOAD, store, key, download).start();
        return download;
    }

    /**
     * Starts a download of many ranges with default options; see {@link #downloadRanges(BlobStore, BlobKey, List,
     * IntFunction, long, DownloadOptions)}.
     */
    public Transfer<List<ByteBuffer>> downloadRanges(
            BlobStore store, BlobKey key, List<ByteRange> ranges, IntFunction<ByteBuffer> allocator) {
        return downloadRanges(store, key, ranges, allocator, DEFAULT_MAX_GAP, DownloadOptions.DEFAULT);
    }

    /**
     * Starts a download of many ranges of a blob, all of one version. Adjacent ranges are coalesced into one request as
     * long as no more than {@code maxGap} bytes lie between them and the request is not larger than a part. The bytes
     * in between are read, too.
     *
     * <p>The transfer returns a buffer for each range, in the order of the ranges: from position 0 to the limit, a
     * slice of an allocated buffer. Ranges that overlap share their bytes. Parts of a blob have no checksum to compare
     * with, so the bytes are verified only if the requests together read the whole blob, each byte once.
     *
     * @param ranges exact ranges, in any order; empty ranges cause no request
     * @param allocator called on the caller's thread with a number of bytes, once for each coalesced range, before any
     *     request; direct buffers are filled without a copy
     * @param maxGap in bytes; a good value is the number of bytes that a connection transfers in one round-trip time
     * @throws IllegalArgumentException if a range is not exact or is larger than a buffer can be, or a buffer is too
     *     small or read-only
     * @throws IllegalStateException if this manager is closed
     * @throws java.util.concurrent.RejectedExecutionException if the executor rejects the transfer
     */
    public Transfer<List<ByteBuffer>> downloadRanges(
            BlobStore store,
            BlobKey key,
            List<ByteRange> ranges,
            IntFunction<ByteBuffer> allocator,
            long maxGap,
            DownloadOptions options) {
        Objects.requireNonNull(store, "store");
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(ranges, "ranges");
        Objects.requireNonNull(allocator, "allocator");
        Objects.requireNonNull(options, "options");
        requireOpen();
        VectoredRead read = enter(new VectoredRead(store, key, ranges, allocator, maxGap, options, environment));
        observe(DOWNLOAD, store, key, read).start();
        return read;
    }

    /** Opens a reader with default options; see {@link #openReader(BlobStore, BlobKey, ReaderOptions)}. */
    public BlobReader openReader(BlobStore store, BlobKey key) {
        return openReader(store, key, ReaderOptions.DEFAULT);
    }

    /**
     * Opens a blob to be read like a file. Sends no request yet.
     *
     * @return a reader of this blob, to be closed by the caller before this manager, and before the store
     * @throws IllegalStateException if this manager is closed
     */
    public BlobReader openReader(BlobStore store, BlobKey key, ReaderOptions options) {
        Objects.requireNonNull(store, "store");
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(options, "options");
        requireOpen();
        ReaderGroups.Member member = readerGroups.join(store, key, options);
        BlobReader.Report report = environment.events().isObserved()
                ? new BlobReader.Report(environment.events(), store.toString(), key)
                : null;
        return new BlobReader(new PinnedVersionReads(environment, member, key, options), readAheadMemory, report);
    }

    /**
     * Opens a blob as a stream, which prefetches with parallel requests from the first byte on. Sends no request yet.
     * The stream ends only if the content was verified, as {@link BlobReader#inputStream()} says.
     *
     * @return a stream of one version of the blob, to be closed by the caller before this manager, and before the store
     * @throws IllegalStateException if this manager is closed
     */
    public InputStream openStream(BlobStore store, BlobKey key) {
        return openReader(store, key).inputStream();
    }

    // ---- other work

    /**
     * Starts a transfer whose work is defined by the caller, and returns at once.
     *
     * @param task the work, which is released also if this method throws
     * @param retry how the task's requests are repeated
     * @param concurrency the maximum number of requests in flight, 1 or more
     * @param listener receives the progress
     * @throws IllegalStateException if this manager is closed
     * @throws java.util.concurrent.RejectedExecutionException if the executor rejects the transfer
     */
    public <T> Transfer<T> start(TransferTask<T> task, RetryPolicy retry, int concurrency, TransferListener listener) {
        Objects.requireNonNull(task, "task");
        Objects.requireNonNull(retry, "retry");
        Objects.requireNonNull(listener, "listener");
        TaskTransfer<T> transfer =
                enter(new TaskTransfer<>(task, retry, environment.throttle(retry, concurrency), listener, environment));
        if (environment.events().isObserved()) {
            transfer.observe(OTHER, "", null);
        }
        transfer.start();
        return transfer;
    }

    private void requireOpen() {
        environment.running().requireOpen();
    }

    private <T extends ParallelTransfer<?>> T enter(T transfer) {
        environment.running().enter(transfer);
        ExitWarning.watch(transfer);
        return transfer;
    }

    private <T extends ParallelTransfer<?>> T observe(
            StoreEvent.Direction direction, BlobStore store, BlobKey key, T transfer) {
        if (environment.events().isObserved()) {
            transfer.observe(direction, store.toString(), key);
        }
        return transfer;
    }

    PrefetchMemory readAheadMemory() {
        return readAheadMemory;
    }

    // ---- cancelling and closing

    /**
     * Cancels all running transfers as {@link Transfer#cancel()} does: uploads, downloads, open writers, and the
     * requests in flight of open readers. Does not wait; {@link #close()} does. This manager and the readers stay open:
     * a read whose request was cancelled throws {@link IOException}, and may be repeated.
     */
    public void cancelAll() {
        environment.running().cancelAll();
    }

    /**
     * Refuses further transfers, waits for the running ones however long they take, and ends the threads that this
     * manager created. Writers that are still open are cancelled. If the caller is interrupted while waiting, cancels
     * all transfers and continues to wait. Idempotent.
     */
    @Override
    public void close() {
        environment.running().close();
        ownExecutor.ifPresent(ExecutorService::shutdown);
    }

    /**
     * Refuses further transfers, waits for the running ones for a limited time, then cancels the others, and ends the
     * threads that this manager created. For an orderly shutdown with a deadline:
     *
     * <pre>{@code
     * TransferManager transfers = TransferManager.create();
     * Runtime.getRuntime().addShutdownHook(new Thread(() -> transfers.close(Duration.ofSeconds(20))));
     * }</pre>
     *
     * <p>All transfers have ended when this returns, and their memory is released. So it may take longer than
     * {@code grace}: a cancelled upload is still aborted, and content that is already being made visible is waited for.
     * Open writers may be completed within the time, but no reader can send further requests. If the caller is
     * interrupted while waiting, the time ends at once. Idempotent.
     *
     * @param grace zero or negative to cancel the transfers at once
     * @return true if all transfers ended within the time, whatever their outcome; false if some had to be cancelled
     */
    public boolean close(Duration grace) {
        boolean inTime = environment.running().close(Objects.requireNonNull(grace, "grace"));
        ownExecutor.ifPresent(ExecutorService::shutdown);
        return inTime;
    }

    /** Builds a manager. Not thread-safe. */
    public static final class Builder {
        private Optional<Executor> executor = Optional.empty();
        private long maxBytesInFlight = 256L << 20;
        private long readAheadMemory = 256L << 20;
        private StoreObserver observer = StoreObserver.NONE;
        private TransferClock clock = TransferClock.SYSTEM;
        private RandomGenerator random = new Random(); // thread-safe, unlike RandomGenerator.getDefault()

        private Builder() {}

        /**
         * Sets the executor that runs the transfers. The caller owns it, and shuts it down after closing the manager: a
         * transfer that waits in the queue of an executor that then drops it never starts, and completes only when it
         * is cancelled. Default: virtual threads on JDK 21 and later, otherwise the manager's own pool of 16 daemon
         * threads.
         */
        public Builder executor(Executor executor) {
            Objects.requireNonNull(executor, "executor");
            this.executor = Optional.of(executor);
            return this;
        }

        /**
         * Sets the maximum number of bytes of all parts in flight, over all transfers in both directions; default 256
         * MiB. A part larger than this is transferred alone.
         */
        public Builder maxBytesInFlight(long bytes) {
            this.maxBytesInFlight = bytes;
            return this;
        }

        /**
         * Sets the maximum number of off-heap bytes that all {@link BlobReader}s of this manager together read ahead
         * into; default 256 MiB. Allocated on demand, 16 MiB at a time, and divided evenly among the readers that read
         * ahead; a reader that gets no memory reads without prefetching.
         */
        public Builder readAheadMemory(long bytes) {
            readAheadMemory = bytes;
            return this;
        }

        /**
         * Sets what receives the start and the end of transfers, and the close of readers; default: none. The requests
         * of a transfer are reported to the observer of its store, with the transfer.
         */
        public Builder observer(StoreObserver observer) {
            this.observer = Objects.requireNonNull(observer, "observer");
            return this;
        }

        /** Sets the clock that retries wait by. For tests. */
        Builder clock(TransferClock clock) {
            this.clock = clock;
            return this;
        }

        /** Sets the source of the retries' jitter; must be thread-safe. For tests. */
        Builder random(RandomGenerator random) {
            this.random = random;
            return this;
        }

        /**
         * Builds the manager, to be closed by the caller.
         *
         * @throws IllegalArgumentException if the bytes in flight are fewer than 1, or the read-ahead memory is
         *     negative
         */
        public TransferManager build() {
            return new TransferManager(this);
        }
    }
}
