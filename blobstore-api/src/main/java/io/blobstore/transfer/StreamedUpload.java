package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.Crc32c;
import io.blobstore.MultipartUpload;
import io.blobstore.StoreCapabilities;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An upload of content that is written while it is uploaded, and whose size is known at the end only. The thread that
 * writes fills parts; each is sent by a worker as soon as it is full. Content of at most one part is stored with one
 * request.
 *
 * <p>The writing thread is a worker itself. Where it would wait for a part to be sent that no worker has begun, it
 * sends that itself, so it depends on no thread of the executor.
 *
 * <p>Memory: the parts in flight, together at most the manager's bytes in flight or one part, the one that is being
 * filled, and the first one if its start is set at the end.
 */
final class StreamedUpload<R> extends ParallelTransfer<R> {
    private static final Logger LOG = LoggerFactory.getLogger(StreamedUpload.class);

    private final BlobKey key;
    private final ContentGenerator<R> generator;
    private final UploadOptions options;
    private final UploadRequests requests;
    private final StoreCapabilities limits;
    private final PartLayout layout;
    private final long maxSize;
    private final BlobWriter writer;
    /** This, if there is no generator. */
    private @Nullable StreamedUpload<StoredBlob> held;

    // Used by the writing thread, and at the end:
    private @Nullable StreamedPart current;
    /** The first part, if it begins with bytes that are set at the end. */
    private @Nullable StreamedPart heldBack;

    private int reserved;
    private boolean reservedIsSet;
    private long written;
    private int partsBegun;
    /** What was reported so far, and which of that is the progress of the parts passed on. */
    private long progress;

    private long progressPassedOn;

    // Written by the writing thread before it submits parts, or after there are none:
    private volatile @Nullable MultipartUpload multipart;
    private volatile @Nullable R stored;

    /** What the store has accepted, by number. */
    private final ConcurrentSkipListMap<Integer, UploadedPart> accepted = new ConcurrentSkipListMap<>();

    private final PartQueue queue;

    /** Plans the upload. Takes over the generator, which is closed at the end. */
    StreamedUpload(
            BlobStore store,
            BlobKey key,
            ContentGenerator<R> generator,
            UploadOptions options,
            Environment environment) {
        super(
                environment,
                "upload of '" + key + "'",
                options.retry(),
                environment.throttle(options.retry(), options.concurrency()),
                options.listener());
        if (options.resumable().isPresent() || options.ifChanged()) {
            throw new IllegalArgumentException("content that is written while it is uploaded can be neither resumed nor"
                    + " compared before it is sent; use a file");
        }
        this.key = key;
        this.generator = generator;
        this.options = options;
        this.requests = new UploadRequests(this, store, key, options.store());
        this.limits = store.capabilities();
        this.queue = new PartQueue(options.concurrency(), environment.budget().limit());
        long declared = generator.maxSize();
        boolean bounded = declared != TransferProgress.UNKNOWN || !limits.multipart();
        this.layout =
                bounded ? PartLayout.ofUnknownSize(partSize(declared)) : PartLayout.growing(partSize(declared), limits);
        long most = limits.multipart() ? layout.capacity(limits) : Math.min(layout.partSize(), limits.maxBlobSize());
        this.maxSize = declared == TransferProgress.UNKNOWN ? most : Math.min(declared, most);
        this.writer = new BlobWriter(this);
        tracker().planned(generator.progressTotal(), 1);
    }

    /** Creates the upload of what any thread writes by {@link #writer()}; to be held before it is used. */
    static StreamedUpload<StoredBlob> ofWriter(
            BlobStore store, BlobKey key, long maxSize, UploadOptions options, Environment environment) {
        StreamedUpload<StoredBlob> upload =
                new StreamedUpload<>(store, key, new WrittenContent(maxSize), options, environment);
        upload.held = upload;
        return upload;
    }

    /** The content of an upload that has no generator. */
    private record WrittenContent(@Override long maxSize) implements ContentGenerator<StoredBlob> {
        @Override
        public void generate(BlobWriter writer) {
            throw new IllegalStateException("another thread writes this content");
        }

        @Override
        public StoredBlob result(StoredBlob stored) {
            return stored;
        }
    }

    /** Returns whether a thread that is no worker writes, and completes the upload. */
    boolean isHeld() {
        return held != null;
    }

    /** Returns this, if a thread that is no worker writes. */
    StreamedUpload<StoredBlob> held() {
        StreamedUpload<StoredBlob> upload = held;
        if (upload == null) {
            throw new IllegalStateException("the transfer completes the blob as soon as the generator has returned");
        }
        return upload;
    }

    /** Returns the writer of this upload. */
    BlobWriter writer() {
        return writer;
    }

    private long partSize(long declared) {
        if (declared < 0 && declared != TransferProgress.UNKNOWN) {
            throw new IllegalArgumentException("the maximum size must be 0 or more; got " + declared);
        }
        if (!limits.multipart()) {
            return options.partSize();
        }
        // An upper bound may be larger than the content will be: what is too large is found when it is written.
        long size = Math.min(
                declared, PartLayout.ofUnknownSize(limits.maxPartSize()).capacity(limits));
        return PartLayout.plan(Math.max(1, size), options.partSize(), limits).partSize();
    }

    // ---- writing, by one thread at a time

    /** Returns the number of bytes written, those reserved included. */
    long written() {
        return written;
    }

    /** Reserves bytes at the start, before anything was written. */
    void reserve(int bytes) throws IOException {
        if (written > 0 || reserved > 0) {
            throw new IllegalStateException("room at the start is reserved before anything is written");
        }
        if (bytes < 1 || bytes > layout.partSize()) {
            throw new IllegalArgumentException(
                    "1 to " + layout.partSize() + " bytes can be reserved, which is the size of a part; got " + bytes);
        }
        reserved = bytes;
        ByteBuffer zeros = ByteBuffer.allocate(Math.min(bytes, 8 << 10));
        for (int left = bytes; left > 0; left -= zeros.limit()) {
            write(zeros.clear().limit(Math.min(left, zeros.capacity())));
        }
    }

    /** Sets the bytes that were reserved. */
    void setReserved(ByteBuffer bytes) {
        if (reserved == 0 || bytes.remaining() != reserved) {
            throw new IllegalArgumentException(reserved + " bytes were reserved; got " + bytes.remaining());
        }
        StreamedPart first = heldBack != null ? heldBack : current;
        if (first != null) {
            first.replaceStart(bytes);
        }
        reservedIsSet = true;
    }

    /** Sets how far the transfer has got when what was written so far is stored. */
    void progress(long units) {
        progress = units;
    }

    /** Appends the remaining bytes of a buffer; its position says how many were taken. */
    void write(ByteBuffer content) throws IOException {
        requireRunning();
        if (content.remaining() > maxSize - written) {
            throw tooLarge(written + content.remaining());
        }
        while (content.hasRemaining()) {
            StreamedPart part = current;
            if (part != null && part.isFull()) { // not before there is more: the last part may be the only one
                passOn(part);
                part = null;
            }
            if (part == null) {
                part = new StreamedPart(++partsBegun, layout.fullLength(partsBegun));
                current = part;
            }
            int before = content.remaining();
            part.append(content);
            written += before - content.remaining();
        }
    }

    private IllegalArgumentException tooLarge(long bytes) {
        String most = "content of " + bytes + " bytes or more is larger than " + maxSize + ", ";
        if (!limits.multipart()) {
            return new IllegalArgumentException(most
                    + "the size of a part: the store has no multipart uploads, so all of it is kept in memory;"
                    + " choose larger parts");
        }
        return new IllegalArgumentException(most + "the most that was announced, or that the store allows in "
                + limits.maxParts() + " parts of " + layout.partSize() + " or more; announce a larger maximum size");
    }

    private void passOn(StreamedPart part) throws IOException {
        weigh(part);
        tracker().planned(generator.progressTotal(), partsBegun + 1);
        if (multipart == null) {
            asWorker(this::createUpload);
        }
        if (part.number() == 1 && reserved > 0) {
            heldBack = part;
            current = null;
            return;
        }
        awaitRoom(part);
        current = null;
        submit(part);
    }

    private void createUpload() throws IOException, InterruptedException {
        multipart = requests.create(layout);
    }

    private void weigh(StreamedPart part) {
        boolean bytes = generator.progressTotal() == TransferProgress.UNKNOWN;
        part.weight(bytes ? part.size() : progress - progressPassedOn);
        progressPassedOn = progress;
    }

    /**
     * Waits until fewer parts are in flight than may be, and with this one no more bytes than the manager allows; sends
     * those that no worker has begun.
     */
    private void awaitRoom(StreamedPart next) throws IOException {
        for (; ; ) {
            requireRunning();
            StreamedPart unsent;
            try {
                unsent = queue.awaitRoom(next.size());
            } catch (InterruptedException e) {
                cancel();
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while parts were sent; the upload is cancelled");
            }
            if (unsent == null) {
                requireRunning();
                return;
            }
            try (StreamedPart part = unsent) { // not sent if the transfer was stopped
                asWorker(() -> send(part));
            }
        }
    }

    /** Does work as a worker, on this thread, and throws why the transfer was stopped if it was. */
    private void asWorker(Work work) throws IOException {
        work(work);
        requireRunning();
    }

    /** Throws why the transfer was stopped, if it was. */
    private void requireRunning() throws IOException {
        Throwable problem = problem().orElse(null);
        if (problem == null) {
            return;
        }
        if (problem instanceof IOException e) {
            throw e;
        } else if (problem instanceof Error e) {
            throw e;
        } else if (problem instanceof CancellationException
                && Thread.currentThread().isInterrupted()) {
            InterruptedIOException interrupted = new InterruptedIOException(String.valueOf(problem.getMessage()));
            interrupted.initCause(problem);
            throw interrupted;
        } else if (problem instanceof RuntimeException e) {
            throw e;
        }
        throw new IOException(problem);
    }

    // ---- sending

    private void submit(StreamedPart part) {
        if (queue.add(part)) {
            try {
                environment().executor().execute(() -> work(this::sendWaiting));
            } catch (RejectedExecutionException e) { // then the writing thread sends
                LOG.debug("{}: one worker less, because the executor rejected it", this, e);
                queue.workerEnded();
            }
        }
    }

    private void sendWaiting() throws IOException, InterruptedException {
        for (; ; ) {
            if (isStopped()) {
                queue.workerEnded();
                return;
            }
            StreamedPart part = queue.pollOrEnd();
            if (part == null) {
                return;
            }
            send(part);
        }
    }

    private void send(StreamedPart part) throws IOException, InterruptedException {
        long bytes = part.size();
        try (part) {
            MultipartUpload upload = created();
            BlobSource content = part.content();
            accepted.put(part.number(), requests.uploadPart(upload, part.number(), content));
            tracker().moved(part.weight());
        } finally {
            queue.sent(bytes);
        }
    }

    private MultipartUpload created() {
        MultipartUpload upload = multipart;
        if (upload == null) {
            throw new IllegalStateException("no part can be sent before the upload was created");
        }
        return upload;
    }

    // ---- the end

    /** Lets the generator write, and sends what is left. Not run if another thread writes. */
    @Override
    void begin() throws IOException, InterruptedException {
        generator.generate(writer);
        writer.end();
        finish();
    }

    /** Sends what is left, on this thread, which is not a worker, and lets the transfer end. */
    void finishHeld() {
        work(this::finish);
        letGo();
    }

    @Override
    void managerCloses() {
        writer.abandon();
    }

    /** Sends what is left. The writing thread calls this as a worker. */
    void finish() throws IOException, InterruptedException {
        requireRunning();
        if (reserved > 0 && !reservedIsSet) {
            throw new IllegalStateException("the " + reserved + " bytes that were reserved were not set");
        }
        StreamedPart last = current;
        if (last != null) {
            weigh(last);
        }
        if (multipart == null) {
            storeWhole(last);
            return;
        }
        submitLast(heldBack);
        heldBack = null;
        submitLast(last);
        current = null;
        StreamedPart unsent;
        while ((unsent = queue.poll()) != null) {
            send(unsent);
        }
    }

    private void submitLast(@Nullable StreamedPart part) throws IOException {
        if (part != null) {
            awaitRoom(part);
            submit(part);
        }
    }

    private void storeWhole(@Nullable StreamedPart part) throws IOException, InterruptedException {
        BlobSource content = part == null ? BlobSource.of() : part.content();
        stored = generator.result(requests.store(content));
        tracker().moved(part == null ? 0 : part.weight());
    }

    @Override
    @Nullable R finished() {
        return stored;
    }

    @Override
    R complete() throws IOException, InterruptedException {
        MultipartUpload upload = created();
        List<UploadedPart> parts = List.copyOf(accepted.values());
        Crc32c checksum = layout.withSizeOf(parts).checksum(parts);
        return generator.result(requests.complete(upload, checksum));
    }

    @Override
    void release(@Nullable Throwable problem) {
        try {
            MultipartUpload upload = multipart;
            if (upload != null) {
                upload.close();
            }
        } catch (Throwable e) {
            if (problem != null && problem != e) {
                problem.addSuppressed(e);
            }
            LOG.warn("The unfinished upload of '{}' could not be aborted; the store may keep its parts", key, e);
        }
        StreamedPart unsent;
        while ((unsent = queue.poll()) != null) {
            unsent.close();
        }
        close(current);
        close(heldBack);
        try {
            generator.close();
        } catch (IOException | RuntimeException e) {
            LOG.warn("{}: what made its content could not be closed", this, e);
        }
    }

    private static void close(@Nullable StreamedPart part) {
        if (part != null) {
            part.close();
        }
    }
}
