package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.MultipartUpload;
import io.blobstore.PartLayout;
import io.blobstore.RetainedSource;
import io.blobstore.StoreCapabilities;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One upload: plans it, has its parts sent by a {@link Crew}, and completes or aborts it.
 *
 * <h2>Threads</h2>
 *
 * No thread of its own, and none that waits for another one. Up to {@code concurrency} <em>workers</em> run on the uploader's
 * executor, each taking the next part until none is left. The first of them creates the multipart upload and then calls the
 * others; the one that <em>leaves last</em>, whichever that is, ends the upload: completes or aborts it, lets the source go, and
 * signals the outcome. So an executor of one thread, or one that runs tasks in the caller, works as well as a large one, and
 * a worker that the executor never gets round to run holds up nothing.
 *
 * <h2>Why completion means that nothing reads the memory</h2>
 *
 * The source is read by workers only, inside blocking calls of the store, whose contract is to let go of the memory before
 * they return or throw. The crew counts a worker as long as it can be inside such a call, and the upload is ended by the one
 * that is last.
 */
final class Upload implements Transfer<StoredBlob> {
    private static final Logger LOG = LoggerFactory.getLogger(Upload.class);

    private final BlobStore store;
    private final BlobKey key;
    private final BlobSource source;
    private final UploadOptions options;
    private final Environment environment;
    private final Consumer<Upload> onDone;
    /** Empty for an upload of one request. */
    private final Optional<PartLayout> layout;

    private final int partCount;
    private final RetainedSource retained;
    private final Crew crew = new Crew();
    private final Reports reports;
    private final Outcome<StoredBlob> outcome = new Outcome<>();
    private final AtomicInteger nextPart = new AtomicInteger(1);
    private final AtomicReferenceArray<UploadedPart> parts;

    // Written by the first worker before it calls others, read by them and by the last one.
    private volatile @Nullable MultipartUpload multipart;
    private volatile @Nullable StoredBlob stored;

    /** Plans the upload and retains its source. */
    Upload(
            BlobStore store,
            BlobKey key,
            BlobSource source,
            UploadOptions options,
            Environment environment,
            Consumer<Upload> onDone) {
        this.store = store;
        this.key = key;
        this.options = options;
        this.environment = environment;
        this.onDone = onDone;
        this.layout = plan(store, source, options);
        this.partCount = layout.map(PartLayout::partCount).orElse(1);
        this.parts = new AtomicReferenceArray<>(partCount);
        this.reports = new Reports(what(), source.size(), partCount, options.listener(), environment.clock());
        this.retained = source.retain();
        this.source = retained.source();
    }

    private static Optional<PartLayout> plan(BlobStore store, BlobSource source, UploadOptions options) {
        StoreCapabilities limits = store.capabilities();
        if (source.size() > limits.maxBlobSize()) {
            throw new IllegalArgumentException("a blob of " + source.size() + " bytes is larger than the store allows: "
                    + limits.maxBlobSize() + " bytes");
        }
        if (source.size() == 0 || !limits.multipart()) {
            return Optional.empty();
        }
        PartLayout plan = PartLayout.plan(source.size(), options.partSize(), limits);
        return plan.partCount() == 1 ? Optional.empty() : Optional.of(plan);
    }

    /** Hands the upload to the executor. Must be called once. */
    void start() {
        try {
            environment.executor().execute(() -> work(this::begin));
        } catch (RuntimeException | Error e) { // rejected, or no thread to be had
            cancel();
            throw e;
        }
    }

    // ---- workers

    private interface Work {
        void run() throws IOException, InterruptedException;
    }

    private void work(Work work) {
        Crew.Worker worker = crew.enter().orElse(null);
        if (worker == null) {
            return;
        }
        try {
            work.run();
        } catch (Throwable e) {
            crew.stop(worker, e);
        } finally {
            if (crew.leave(worker)) {
                end();
            }
        }
    }

    private void begin() throws IOException, InterruptedException {
        if (layout.isEmpty()) {
            takePart();
            stored = retrying(
                    "store", () -> withinBudget(source.size(), () -> store.store(key, source, options.store())));
            reports.accepted(source.size());
            return;
        }
        multipart =
                retrying("create the upload", () -> store.createMultipartUpload(key, layout.get(), options.store()));
        callOthers();
        sendParts();
    }

    private void callOthers() {
        int others = Math.min(options.concurrency(), partCount) - 1;
        for (int i = 0; i < others; i++) {
            try {
                environment.executor().execute(() -> work(this::sendParts));
            } catch (RejectedExecutionException e) {
                LOG.debug("Uploading '{}' with {} workers, as the executor takes no more", key, i + 1, e);
                return;
            }
        }
    }

    private void sendParts() throws IOException, InterruptedException {
        for (int part = takePart(); part != 0; part = takePart()) {
            sendPart(part);
        }
    }

    /** The next part's number; 0 if there is none to send. */
    private int takePart() {
        if (crew.isStopped()) {
            return 0;
        }
        int part = nextPart.getAndIncrement();
        return part <= partCount ? part : 0;
    }

    private void sendPart(int number) throws IOException, InterruptedException {
        PartLayout cut = layout.orElseThrow();
        MultipartUpload upload = created();
        BlobSource content = source.slice(cut.offset(number), cut.length(number));
        UploadedPart part = retrying(
                "part " + number, () -> withinBudget(content.size(), () -> upload.uploadPart(number, content)));
        parts.set(number - 1, part);
        reports.accepted(part.size());
    }

    private MultipartUpload created() {
        MultipartUpload upload = multipart;
        if (upload == null) {
            throw new IllegalStateException("no part can be sent before the upload was created");
        }
        return upload;
    }

    // ---- requests

    private interface Request<T> {
        T send() throws IOException, InterruptedException;
    }

    private <T> T withinBudget(long bytes, Request<T> request) throws IOException, InterruptedException {
        environment.budget().acquire(bytes);
        try {
            return request.send();
        } finally {
            environment.budget().release(bytes);
        }
    }

    private <T> T retrying(String what, Request<T> request) throws IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            try {
                return request.send();
            } catch (IOException e) {
                // Stopped: then it is our own interrupt that made the request fail, or nobody waits for it any more.
                Optional<Duration> delay = crew.isStopped()
                        ? Optional.empty()
                        : options.retry().delayAfter(e, attempt, environment.random());
                if (delay.isEmpty()) {
                    throw e;
                }
                reports.retried(what, attempt, e, delay.get());
                environment.clock().sleep(delay.get());
            }
        }
    }

    // ---- the end

    @Override
    public boolean cancel() {
        Crew.Cancellation cancellation = crew.cancel();
        if (cancellation == Crew.Cancellation.NEVER_BEGUN) {
            end();
        }
        return cancellation != Crew.Cancellation.TOO_LATE;
    }

    /**
     * Runs once, when no worker is inside the store any more. Whatever is thrown on the way, the outcome is signalled: somebody
     * waits for it.
     */
    private void end() {
        // An interrupt from outside is put off: it would make the abort fail, and leave the parts in the store.
        boolean interrupted = Thread.interrupted();
        StoredBlob result = stored;
        // A single request that had succeeded before the cancellation reached it has stored the blob: say so.
        Throwable problem = result != null ? null : crew.problem(what()).orElse(null);
        MultipartUpload upload = multipart;
        if (upload != null) {
            if (problem == null) {
                try {
                    result = complete(upload);
                } catch (Throwable e) {
                    interrupted |= e instanceof InterruptedException;
                    problem = Crew.comesOfInterrupt(e) ? Crew.cancellation(what(), e) : e;
                }
            }
            interrupted |= Thread.interrupted();
            closeUpload(upload, problem);
        }
        letGo();
        reports.ended(problem);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        outcome.set(result, problem);
        onDone.accept(this); // last, so that whoever waits for the running uploads finds this one's outcome
    }

    private String what() {
        return "upload of '" + key + "'";
    }

    private void letGo() {
        try {
            retained.close();
        } catch (Throwable e) {
            LOG.error("The memory of the upload of '{}' could not be let go; it may stay mapped", key, e);
        }
    }

    private StoredBlob complete(MultipartUpload upload) throws IOException, InterruptedException {
        List<UploadedPart> accepted =
                IntStream.range(0, partCount).mapToObj(parts::get).toList();
        Crc32c sent = layout.orElseThrow().checksum(accepted);
        StoredBlob result = retrying("complete the upload", () -> upload.complete(sent));
        if (result.checksum().isPresent() && !result.checksum().get().equals(sent)) {
            throw new IntegrityException(
                    "store",
                    key,
                    "the store says it has " + result.checksum().get() + ", but " + sent
                            + " was sent; the blob must not be used",
                    null);
        }
        return result;
    }

    /** Aborts the upload unless it was completed; a failure of that is told beside the failure that led to it. */
    private void closeUpload(MultipartUpload upload, @Nullable Throwable problem) {
        try {
            upload.close();
        } catch (Throwable e) {
            if (problem != null && problem != e) {
                problem.addSuppressed(e);
            }
            LOG.warn("The unfinished upload of '{}' could not be aborted; the store may keep its parts", key, e);
        }
    }

    // ---- waiting

    @Override
    public TransferProgress progress() {
        return reports.progress();
    }

    @Override
    public StoredBlob join() throws IOException, InterruptedException {
        return outcome.join();
    }

    @Override
    public StoredBlob join(Duration timeout) throws IOException, InterruptedException, TimeoutException {
        return outcome.join(timeout);
    }

    @Override
    public CompletableFuture<StoredBlob> toCompletableFuture() {
        return outcome.copy();
    }

    @Override
    public String toString() {
        return "Upload[" + key + ", " + progress() + "]";
    }
}
