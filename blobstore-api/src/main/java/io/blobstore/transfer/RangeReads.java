package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
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
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The reads of one {@link BlobReader}: all of one version of one blob, and all ended when it is closed. Thread-safe.
 */
final class RangeReads {
    /** What is larger is split. */
    private static final long PART = DownloadOptions.DEFAULT.partSize();

    private final TransferEngine engine;
    private final BlobStore store;
    private final BlobKey key;
    private final ReaderOptions options;
    private final Set<Download> running = ConcurrentHashMap.newKeySet();
    /** Set once. */
    private volatile @Nullable BlobMetadata blob;

    private volatile boolean closed;

    RangeReads(TransferEngine engine, BlobStore store, BlobKey key, ReaderOptions options) {
        this.engine = engine;
        this.store = store;
        this.key = key;
        this.options = options;
    }

    ReaderOptions options() {
        return options;
    }

    /** The blob, if anything is known of it yet. */
    Optional<BlobMetadata> known() {
        return Optional.ofNullable(blob);
    }

    /** The blob; asks for it if nothing is known yet. */
    BlobMetadata blob() throws IOException {
        requireOpen();
        Optional<BlobMetadata> known = known();
        return known.isPresent() ? known.get() : pin(store.head(key));
    }

    /** The first answer decides which version is read. */
    private BlobMetadata pin(BlobMetadata found) throws PreconditionFailedException {
        BlobMetadata pinned;
        synchronized (this) {
            pinned = blob != null ? blob : found;
            boolean wanted =
                    options.read().ifMatch().map(found.version()::equals).orElse(true);
            if (!wanted || !pinned.version().equals(found.version())) {
                throw new PreconditionFailedException(
                        "read",
                        key,
                        "its version is " + found.version() + ", and not the one that was read before or asked for",
                        null);
            }
            blob = pinned;
        }
        return pinned;
    }

    // ---- reads

    /**
     * Reads on this thread, and on others if it is much.
     *
     * @param target filled from its position on, which is moved
     * @param most bytes; what the blob has of them is read
     * @return how many that were
     */
    int read(long position, ByteBuffer target, int most) throws IOException {
        int limit = target.limit();
        target.limit(target.position() + most);
        try {
            Download download =
                    begin(ByteRange.atMost(position, most), BlobTarget.of(target), PART, options.concurrency());
            download.run();
            return (int) await(download).length();
        } finally {
            target.limit(limit);
        }
    }

    /**
     * Reads on another thread, or on the one that calls {@link #join}, if that comes first.
     *
     * @param target is filled up
     */
    Download start(long position, BlobTarget target) throws IOException {
        Download download = begin(ByteRange.of(position, target.room()), target, target.room(), 1);
        download.start();
        return download;
    }

    private Download begin(ByteRange range, BlobTarget target, long partSize, int concurrency) throws IOException {
        requireOpen();
        DownloadOptions how = new DownloadOptions(
                partSize,
                concurrency,
                known().map(found -> ReadOptions.ifMatch(found.version())).orElse(options.read()),
                options.retry(),
                Optional.empty(),
                TransferListener.NONE);
        Download download = engine.enter(new Download(store, key, range, target, how, engine));
        running.add(download);
        download.whenDone(() -> running.remove(download));
        if (closed) { // after adding: close() either sees it, or is seen here
            download.cancel();
        }
        return download;
    }

    /** Waits for a read that was started; does it here if no other thread has begun it yet. */
    void join(Download download) throws IOException {
        download.run();
        await(download);
    }

    private ReadResult await(Download download) throws IOException {
        try {
            ReadResult result = download.join();
            pin(result.blob());
            return result;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            download.cancel();
            awaitEnd(download);
            throw interrupted(e);
        } catch (CancellationException e) {
            if (closed) {
                throw new AsynchronousCloseException();
            }
            if (Thread.currentThread().isInterrupted()) {
                throw interrupted(e);
            }
            throw new IOException("the read was cancelled: its executor was shut down", e);
        }
    }

    private static InterruptedIOException interrupted(Throwable cause) {
        InterruptedIOException interrupted = new InterruptedIOException("interrupted while reading");
        interrupted.initCause(cause);
        return interrupted;
    }

    // ---- the end

    /** Waits until nothing touches a read's memory any more, interrupts put off. */
    static void awaitEnd(Download download) {
        boolean interrupted = false;
        while (true) {
            try {
                download.toCompletableFuture()
                        .handle((result, problem) -> result)
                        .get();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            } catch (ExecutionException e) {
                throw new AssertionError("handled above", e);
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Cancels the reads under way and refuses others. */
    void close() {
        closed = true;
        running.forEach(Download::cancel);
    }

    /** Waits until no read is under way any more. */
    void awaitEnd() {
        running.forEach(RangeReads::awaitEnd);
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
