package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.Operation;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The reads of one {@link BlobReader}: all of one version of one blob, and cancelled when the reader is closed.
 * Thread-safe.
 */
final class PinnedVersionReads {
    /** The size in bytes above which a read is split. */
    static final long PART = DownloadOptions.DEFAULT.partSize();

    private final Environment environment;
    private final ReaderGroups.Member member;
    private final BlobBlocks store;
    private final BlobKey key;
    private final ReaderOptions options;
    /** Shared by all reads. */
    private final RequestThrottle throttle;

    private final Set<ParallelTransfer<?>> running = ConcurrentHashMap.newKeySet();
    /** The blob as of the first response, and with its checksum as soon as that is known. */
    private volatile @Nullable BlobMetadata blob;

    /** Whether the metadata was requested: other responses need not contain the checksum. */
    private volatile boolean described;

    private volatile boolean closed;

    /**
     * A read was cancelled by something other than this reader: by {@link TransferManager#cancelAll}, or because its
     * thread was interrupted, for example as the executor was shut down.
     */
    static final class GivenUpException extends IOException {
        private static final long serialVersionUID = 1L;

        private GivenUpException(CancellationException cause) {
            super("the read was cancelled by its TransferManager, or its executor was shut down", cause);
        }
    }

    PinnedVersionReads(Environment environment, ReaderGroups.Member member, BlobKey key, ReaderOptions options) {
        this.environment = environment;
        this.member = member;
        this.store = member.blocks();
        this.key = key;
        this.options = options;
        this.throttle = environment.throttle(options.retry(), options.concurrency());
    }

    ReaderOptions options() {
        return options;
    }

    /** Returns the number of bytes that may be prefetched, as far as memory limits it that is not the reader's own. */
    long memory() {
        return store.isShared() ? store.memory() / 4 : Long.MAX_VALUE;
    }

    /** Returns where sequential reads probably end; see {@link ReaderGroups.Member#border}. */
    long border(long from, long end) {
        return member.border(from, end);
    }

    /** Returns how many requests shall be in flight: the option, or fewer while the store throttles. */
    int concurrency() {
        return Math.min(options.concurrency(), throttle.limit());
    }

    /** Returns the blob; empty before the first response. */
    Optional<BlobMetadata> known() {
        return Optional.ofNullable(blob);
    }

    /** Returns the blob; requests its metadata before the first response. */
    BlobMetadata blob() throws IOException {
        requireOpen();
        Optional<BlobMetadata> known = known();
        if (known.isPresent()) {
            return known.get();
        }
        return describe();
    }

    /** Returns the blob with its checksum, if it has one; requests the metadata unless that was done before. */
    BlobMetadata blobWithChecksum() throws IOException {
        BlobMetadata known = blob();
        return described || known.checksum().isPresent() ? known : describe();
    }

    private BlobMetadata describe() throws IOException {
        Optional<BlobVersion> wanted =
                known().map(BlobMetadata::version).or(() -> options.read().ifMatch());
        MetadataRequest request =
                enter(new MetadataRequest(store, key, wanted, options.retry(), throttle, environment));
        request.run();
        BlobMetadata pinned = pin(await(request));
        described = true;
        return pinned;
    }

    /** Pins the version of the first response, and checks that later ones are of the same version and size. */
    private BlobMetadata pin(BlobMetadata found) throws BlobStoreException {
        BlobMetadata pinned;
        synchronized (this) {
            pinned = blob != null ? blob : found;
            boolean wanted =
                    options.read().ifMatch().map(found.version()::equals).orElse(true);
            if (!wanted || !pinned.version().equals(found.version())) {
                throw new PreconditionFailedException(
                        Operation.READ,
                        key,
                        "its version is " + found.version() + ", not the one that was read before or requested",
                        null);
            }
            if (pinned.size() != found.size()) {
                throw ResumableRangeRead.twoSizes(key, pinned.size(), found.size());
            }
            if (pinned.checksum().isEmpty()) {
                pinned = found;
            }
            blob = pinned;
        }
        return pinned;
    }

    // ---- reads

    /**
     * Reads on this thread, and on others if the range is large.
     *
     * @param range no larger than the target's remaining bytes; inside the blob if its size is known
     * @param target filled from its position, which advances
     * @return the number of bytes read
     */
    int read(ByteRange range, ByteBuffer target) throws IOException {
        int start = target.position();
        int limit = target.limit();
        target.limit(start + (int) range.length());
        try {
            long partSize = partSize(range);
            long began = environment.clock().nanoTime();
            Download download = begin(range, BlobTarget.of(target), partSize, options.concurrency());
            download.run();
            int bytes = (int) finish(download);
            if (partSize < PART) {
                store.rate().split(range.length(), environment.clock().nanoTime() - began);
            }
            return bytes;
        } catch (IOException | RuntimeException | Error e) {
            target.position(start); // the bytes may be of another version than the pinned one
            throw e;
        } finally {
            target.limit(limit);
        }
    }

    /** Returns the size of the parts of a read: smaller than usual if the store is slow enough. */
    private long partSize(ByteRange range) {
        boolean splittable = !store.isShared() && known().isPresent() && range.length() <= PART;
        return splittable ? store.rate().partSize(range.length(), concurrency(), PART) : PART;
    }

    /**
     * Starts a read on another thread, or on the one that calls {@link #join}, if that comes first.
     *
     * @param target filled completely
     */
    Download start(long position, BlobTarget target) throws IOException {
        Download download = prepare(position, target);
        download.start();
        return download;
    }

    /**
     * Creates a read that the thread performs that calls {@link #join}, which follows at once.
     *
     * @param target filled completely
     */
    Download prepare(long position, BlobTarget target) throws IOException {
        return begin(ByteRange.of(position, target.room()), target, target.room(), 1);
    }

    private Download begin(ByteRange range, BlobTarget target, long partSize, int concurrency) throws IOException {
        requireOpen();
        DownloadOptions how = DownloadOptions.builder()
                .partSize(partSize)
                .concurrency(concurrency)
                .read(known().map(found -> ReadOptions.ifMatch(found.version())).orElse(options.read()))
                .retry(options.retry())
                .listener(TransferListener.NONE)
                .build();
        return enter(new Download(store, key, range, known(), target, how, throttle, environment));
    }

    private <T extends ParallelTransfer<?>> T enter(T transfer) {
        environment.running().enter(transfer);
        if (running.isEmpty()) {
            throttle.restart();
        }
        running.add(transfer);
        transfer.whenDone(() -> running.remove(transfer));
        if (closed) { // after adding: either close() sees the transfer, or this thread sees that it is closed
            transfer.cancel();
        }
        return transfer;
    }

    /**
     * Waits for a started read; performs it on this thread if no other thread has begun it.
     *
     * @throws GivenUpException if the manager cancelled the read, or the thread that had begun it was interrupted
     */
    void join(Download download) throws IOException {
        download.run();
        finish(download);
    }

    private long finish(Download download) throws IOException {
        ReadResult result = await(download);
        pin(result.blob());
        return result.length();
    }

    private <T> T await(ParallelTransfer<T> transfer) throws IOException {
        try {
            return transfer.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            transfer.cancel();
            awaitEnd(transfer); // until then it may use the caller's memory
            throw interrupted(e);
        } catch (CancellationException e) {
            if (closed) {
                throw new AsynchronousCloseException();
            }
            if (Thread.currentThread().isInterrupted()) {
                throw interrupted(e);
            }
            throw new GivenUpException(e);
        }
    }

    static InterruptedIOException interrupted(Throwable cause) {
        InterruptedIOException interrupted = new InterruptedIOException("interrupted while reading");
        interrupted.initCause(cause);
        return interrupted;
    }

    // ---- closing

    /** Cancels the running reads and refuses others. */
    void close() {
        closed = true;
        running.forEach(ParallelTransfer::cancel);
    }

    /** Waits until no read is running, and releases the memory. */
    void awaitEnd() {
        running.forEach(PinnedVersionReads::awaitEnd);
        member.leave();
    }

    /** Forgets what is kept in memory, because it is not what was stored. */
    void discard() {
        store.discard();
    }

    private static void awaitEnd(ParallelTransfer<?> transfer) {
        transfer.awaitEnd(() -> {}); // it is cancelled already
    }

    boolean isClosed() {
        return closed;
    }

    void requireOpen() throws ClosedChannelException {
        if (closed) {
            throw new ClosedChannelException();
        }
    }
}
