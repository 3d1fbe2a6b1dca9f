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
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileLockInterruptionException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One upload.
 *
 * <h2>States</h2>
 *
 * <pre>
 *   WAITING ──first worker──► SENDING ──last worker leaves──► ENDING ──► DONE
 *      └──────────────cancel─────────────────────────────────────▲
 * </pre>
 *
 * <h2>Threads</h2>
 *
 * No thread of its own, and none that waits for another one. Up to {@code concurrency} <em>workers</em> run on the uploader's
 * executor, each taking the next part until none is left. The first of them creates the multipart upload and then calls the
 * others; the one that <em>leaves last</em>, whichever that is, ends the upload: completes or aborts it, closes the lease, and
 * signals the outcome. So an executor of one thread, or one that runs tasks in the caller, works as well as a large one, and
 * a worker that the executor never gets round to run holds up nothing.
 *
 * <h2>Why completion means that nothing reads the memory</h2>
 *
 * The source is read by workers only, inside blocking calls of the store, whose contract is to let go of the memory before
 * they return or throw. A worker is counted in {@link #workers} while it can be inside such a call, and ENDING is entered
 * only when that set is empty; it is never left for SENDING again, and a worker that arrives later is turned away.
 *
 * <h2>Failure and cancellation</h2>
 *
 * Both make {@link #isStopped()} true, so that no part begins, and interrupt the workers inside. Interrupts are sent under
 * {@link #lock} to workers that are still counted, and a worker clears its own when it leaves, under the same lock: none
 * escapes into the executor's other tasks.
 *
 * <h2>Locks</h2>
 *
 * {@link #lock} guards the state and is held for a few instructions only, never over a call to the store or the listener.
 * {@link #events} puts the listener's calls in order. It is never asked for while the first is held; the other way round
 * happens, when a listener cancels.
 */
final class Upload implements Transfer<StoredBlob> {
    private static final Logger LOG = LoggerFactory.getLogger(Upload.class);

    private enum Phase {
        WAITING,
        SENDING,
        ENDING,
        DONE
    }

    /** A thread that may be inside a call of the store. */
    private static final class Worker {
        final Thread thread = Thread.currentThread();
        boolean interruptedByUs;
        boolean interruptedByOthers;
    }

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
    private final CompletableFuture<StoredBlob> outcome = new CompletableFuture<>();
    private final AtomicReferenceArray<UploadedPart> parts;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final Set<Worker> workers = new HashSet<>();
    private Phase phase = Phase.WAITING;
    private int nextPart = 1;
    private boolean cancelled;
    private @Nullable Throwable failure;
    /** What an interrupt that was not ours made of a request: the reason of the cancellation. */
    private @Nullable Throwable interruption;

    // Written by the first worker before it calls others, read by them and by the last one.
    private volatile @Nullable MultipartUpload multipart;
    private volatile @Nullable StoredBlob stored;

    private final ReentrantLock events = new ReentrantLock();
    // Written under events:
    private final AtomicLong bytesTransferred = new AtomicLong();
    private final AtomicInteger partsTransferred = new AtomicInteger();
    private final AtomicInteger retries = new AtomicInteger();
    private final long startNanos;
    /** Until the end; empty before it. */
    private volatile Optional<Duration> elapsed = Optional.empty();

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
        this.startNanos = environment.clock().nanoTime();
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
    // ------------------------------------------------------------------------------------------------------

    private interface Work {
        void run() throws IOException, InterruptedException;
    }

    private void work(Work work) {
        Worker worker = enter();
        if (worker == null) {
            return;
        }
        try {
            work.run();
        } catch (Throwable e) {
            stop(worker, e);
        } finally {
            if (leave(worker)) {
                end();
            }
        }
    }

    /** Counts this thread in; null if the upload has no use for it any more. */
    private @Nullable Worker enter() {
        lock.lock();
        try {
            if (phase == Phase.WAITING) {
                phase = Phase.SENDING;
            }
            if (phase != Phase.SENDING || isStopped()) {
                return null;
            }
            Worker worker = new Worker();
            workers.add(worker);
            return worker;
        } finally {
            lock.unlock();
        }
    }

    /** Counts a worker out; true if it was the last one, and must end the upload. */
    private boolean leave(Worker worker) {
        lock.lock();
        try {
            workers.remove(worker);
            if (worker.interruptedByUs && !worker.interruptedByOthers) {
                Thread.interrupted();
            }
            if (phase != Phase.SENDING || !workers.isEmpty()) {
                return false;
            }
            phase = Phase.ENDING; // nobody leaves before all parts are taken, or the upload is stopped
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void begin() throws IOException, InterruptedException {
        if (layout.isEmpty()) {
            takePart();
            stored = retrying(
                    "store", () -> withinBudget(source.size(), () -> store.store(key, source, options.store())));
            accepted(source.size());
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
        lock.lock();
        try {
            return isStopped() || nextPart > partCount ? 0 : nextPart++;
        } finally {
            lock.unlock();
        }
    }

    private void sendPart(int number) throws IOException, InterruptedException {
        PartLayout cut = layout.orElseThrow();
        MultipartUpload upload = created();
        BlobSource content = source.slice(cut.offset(number), cut.length(number));
        UploadedPart part = retrying(
                "part " + number, () -> withinBudget(content.size(), () -> upload.uploadPart(number, content)));
        parts.set(number - 1, part);
        accepted(part.size());
    }

    private MultipartUpload created() {
        MultipartUpload upload = multipart;
        if (upload == null) {
            throw new IllegalStateException("no part can be sent before the upload was created");
        }
        return upload;
    }

    // ---- requests
    // -----------------------------------------------------------------------------------------------------

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
                Optional<Duration> delay =
                        stopped() ? Optional.empty() : options.retry().delayAfter(e, attempt, environment.random());
                if (delay.isEmpty()) {
                    throw e;
                }
                retried(what, attempt, e, delay.get());
                environment.clock().sleep(delay.get());
            }
        }
    }

    // ---- stopping
    // -----------------------------------------------------------------------------------------------------

    private boolean stopped() {
        lock.lock();
        try {
            return isStopped();
        } finally {
            lock.unlock();
        }
    }

    /** Under lock. */
    private boolean isStopped() {
        return cancelled || failure != null;
    }

    /** Takes note of what a worker met, and stops the others. */
    private void stop(Worker worker, Throwable problem) {
        lock.lock();
        try {
            boolean interrupted = comesOfInterrupt(problem);
            if (interrupted && !worker.interruptedByUs) {
                // The executor is being shut down: that is no failure of the store, and the thread must still learn of
                // it.
                cancelled = true;
                interruption = problem;
                worker.interruptedByOthers = true;
                worker.thread.interrupt();
            } else if (!isStopped()) {
                failure = problem;
            } else if (failure != null && failure != problem && !interrupted) {
                failure.addSuppressed(problem);
            }
            interruptWorkers(worker);
        } finally {
            lock.unlock();
        }
    }

    /** Whether a call failed because its thread was interrupted. */
    private static boolean comesOfInterrupt(Throwable problem) {
        int depth = 0;
        for (Throwable e = problem; e != null && depth < 20; e = e.getCause(), depth++) { // causes may go in circles
            if (e instanceof InterruptedException
                    || e instanceof ClosedByInterruptException
                    || e instanceof FileLockInterruptionException
                    || (e instanceof InterruptedIOException && !(e instanceof SocketTimeoutException))) {
                return true;
            }
        }
        return false;
    }

    /** Under lock. Spares the thread of one worker: an executor that runs tasks in the caller nests workers. */
    private void interruptWorkers(@Nullable Worker except) {
        for (Worker worker : workers) {
            if ((except == null || worker.thread != except.thread) && !worker.interruptedByUs) {
                worker.interruptedByUs = true;
                worker.thread.interrupt();
            }
        }
    }

    @Override
    public boolean cancel() {
        boolean never;
        lock.lock();
        try {
            if (phase == Phase.ENDING || phase == Phase.DONE || failure != null) {
                return false;
            }
            cancelled = true;
            interruptWorkers(null);
            never = phase == Phase.WAITING;
            if (never) {
                phase = Phase.ENDING; // no worker will end it
            }
        } finally {
            lock.unlock();
        }
        if (never) {
            end();
        }
        return true;
    }

    // ---- the end
    // ------------------------------------------------------------------------------------------------------

    /**
     * Runs once, in phase ENDING: no worker is inside the store any more. Whatever is thrown on the way, the outcome is
     * signalled: somebody waits for it.
     */
    private void end() {
        // An interrupt from outside is put off: it would make the abort fail, and leave the parts in the store.
        boolean interrupted = Thread.interrupted();
        Throwable problem = outcomeOfSending();
        StoredBlob result = stored;
        MultipartUpload upload = multipart;
        if (upload != null) {
            if (problem == null) {
                try {
                    result = complete(upload);
                } catch (Throwable e) {
                    interrupted |= e instanceof InterruptedException;
                    problem = comesOfInterrupt(e) ? cancellation(e) : e;
                }
            }
            interrupted |= Thread.interrupted();
            closeUpload(upload, problem);
        }
        letGo();
        ended(problem);
        lock.lock();
        try {
            phase = Phase.DONE;
        } finally {
            lock.unlock();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (problem == null) {
            outcome.complete(result);
        } else {
            outcome.completeExceptionally(problem);
        }
        onDone.accept(this); // last, so that whoever waits for the running uploads finds this one's outcome
    }

    private void letGo() {
        try {
            retained.close();
        } catch (Throwable e) {
            LOG.error("The memory of the upload of '{}' could not be let go; it may stay mapped", key, e);
        }
    }

    private @Nullable Throwable outcomeOfSending() {
        lock.lock();
        try {
            if (failure != null) {
                return failure;
            }
            // A single request that had succeeded before the cancellation reached it has stored the blob: say so.
            return cancelled && stored == null ? cancellation(interruption) : null;
        } finally {
            lock.unlock();
        }
    }

    private CancellationException cancellation(@Nullable Throwable interrupt) {
        CancellationException cancellation = new CancellationException(
                "upload of '" + key + "' was cancelled" + (interrupt == null ? "" : ": its thread was interrupted"));
        if (interrupt != null) {
            cancellation.initCause(interrupt);
        }
        return cancellation;
    }

    private StoredBlob complete(MultipartUpload upload) throws IOException, InterruptedException {
        Crc32c checksum = Crc32c.EMPTY;
        for (int i = 0; i < partCount; i++) {
            UploadedPart part = parts.get(i);
            checksum = checksum.combine(part.checksum(), part.size());
        }
        Crc32c sent = checksum;
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

    // ---- reports
    // ------------------------------------------------------------------------------------------------------

    private void accepted(long bytes) {
        tell(() -> {
            bytesTransferred.addAndGet(bytes);
            partsTransferred.incrementAndGet();
            options.listener().onProgress(progress());
        });
    }

    private void retried(String what, int attempt, Throwable problem, Duration delay) {
        LOG.debug("Upload of '{}': {} failed, attempt {}; next in {}", key, what, attempt, delay, problem);
        tell(() -> {
            retries.incrementAndGet();
            options.listener().onRetry(what, attempt, problem, delay);
        });
    }

    private void ended(@Nullable Throwable problem) {
        tell(() -> {
            elapsed = Optional.of(elapsedNow());
            options.listener().onEnd(progress(), problem);
        });
    }

    private void tell(Runnable event) {
        events.lock();
        try {
            event.run();
        } catch (RuntimeException | Error e) {
            LOG.warn("The transfer listener of '{}' threw; the transfer goes on", key, e);
        } finally {
            events.unlock();
        }
    }

    @Override
    public TransferProgress progress() {
        return new TransferProgress(
                bytesTransferred.get(),
                source.size(),
                partsTransferred.get(),
                partCount,
                retries.get(),
                elapsed.orElseGet(this::elapsedNow));
    }

    private Duration elapsedNow() {
        return Duration.ofNanos(environment.clock().nanoTime() - startNanos);
    }

    // ---- waiting
    // ------------------------------------------------------------------------------------------------------

    @Override
    public StoredBlob join() throws IOException, InterruptedException {
        try {
            return outcome.get();
        } catch (ExecutionException e) {
            throw unwrap(e);
        } catch (CancellationException e) {
            throw unwrap(e);
        }
    }

    @Override
    public StoredBlob join(Duration timeout) throws IOException, InterruptedException, TimeoutException {
        try {
            return outcome.get(TimeUnit.NANOSECONDS.convert(timeout), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw unwrap(e);
        } catch (CancellationException e) {
            throw unwrap(e);
        }
    }

    /** Some JDKs give the cancellation that the outcome was set to, some wrap it in another. */
    private static CancellationException unwrap(CancellationException e) {
        return e.getCause() instanceof CancellationException cancellation ? cancellation : e;
    }

    private static IOException unwrap(ExecutionException e) {
        Throwable cause = e.getCause();
        if (cause instanceof IOException problem) {
            return problem;
        }
        if (cause instanceof RuntimeException problem) {
            throw problem;
        }
        if (cause instanceof Error problem) {
            throw problem;
        }
        return new IOException(cause); // nothing here throws such; a store may, unchecked
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
