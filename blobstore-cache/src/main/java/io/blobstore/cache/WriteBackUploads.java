package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.IntegrityException;
import io.blobstore.StoredBlob;
import io.blobstore.cas.CachedContent;
import io.blobstore.cas.ContentCache;
import io.blobstore.internal.concurrent.Interrupts;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Uploads what waits, and repeats what failed with growing delays, for ever. An upload that may have taken effect, as
 * it failed or its process was killed, is looked for before the next attempt, so that each blob is stored once. A blob
 * whose content was damaged, or deleted by somebody else, is reported, and its record set aside. Thread-safe.
 */
final class WriteBackUploads implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(WriteBackUploads.class);
    private static final Duration FIRST_DELAY = Duration.ofMillis(100);
    /** 100 ms doubled so often are more than a week. */
    private static final int MAX_DOUBLINGS = 23;

    /** Signals that the cache does not have the content any more. */
    private static final class ContentLost extends IOException {
        private static final long serialVersionUID = 1;

        ContentLost(PendingBlob blob, @Nullable Throwable cause) {
            super("its content " + blob.record.content() + " is damaged, or not in the cache any more", cause);
        }
    }

    /** Is told of uploads. */
    interface Listener {
        /** Notes that a blob was uploaded. */
        void uploaded(PendingBlob blob, StoredBlob stored);
    }

    private final ContentCache cache;
    private final BlobStore remote;
    private final WriteBackQueue queue;
    private final PendingFiles files;
    private final Listener listener;
    private final WriteBackOptions options;
    private final TransferManager transfers = TransferManager.create();
    private final List<Thread> threads = new ArrayList<>();
    private final LongAdder uploaded = new LongAdder();
    private final LongAdder retries = new LongAdder();
    /** The keys of blobs that were lost since the store was opened. */
    private final Queue<BlobKey> lost = new ConcurrentLinkedQueue<>();

    WriteBackUploads(
            ContentCache cache,
            BlobStore remote,
            WriteBackQueue queue,
            PendingFiles files,
            Listener listener,
            WriteBackOptions options) {
        this.cache = cache;
        this.remote = remote;
        this.queue = queue;
        this.files = files;
        this.listener = listener;
        this.options = options;
        for (int i = 1; i <= options.threads(); i++) {
            Thread thread = new Thread(this::run, "blobstore-write-back-" + i);
            thread.setDaemon(true);
            threads.add(thread);
        }
    }

    void start() {
        threads.forEach(Thread::start);
    }

    long uploaded() {
        return uploaded.sum();
    }

    long retries() {
        return retries.sum();
    }

    /** Returns the keys of the blobs whose content was lost before they were uploaded. */
    List<BlobKey> lost() {
        return List.copyOf(lost);
    }

    private void run() {
        try {
            for (Optional<PendingBlob> next = queue.take(); next.isPresent(); next = queue.take()) {
                upload(next.get());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the store is being closed
        }
    }

    private void upload(PendingBlob blob) {
        discardReplaced(blob);
        Throwable failure = null;
        try {
            StoredBlob stored = store(blob);
            uploaded.increment();
            listener.uploaded(blob, stored);
        } catch (ContentLost e) {
            giveUp(blob, e);
            return;
        } catch (Throwable e) {
            failure = e;
            retries.increment();
            report(blob, e);
        }
        if (queue.attempted(blob, failure, failure == null ? Duration.ZERO : delay(blob.attempts, failure))) {
            try {
                discard(blob);
            } finally {
                queue.unlockKey(blob.record.blob().key());
            }
        }
    }

    /** Ends with a blob that cannot be uploaded, unless a later one has replaced it. */
    private void giveUp(PendingBlob blob, ContentLost cause) {
        try {
            if (queue.lost(blob, cause)) {
                setAside(blob, cause);
            } else {
                discard(blob);
            }
        } finally {
            queue.unlockKey(blob.record.blob().key());
        }
    }

    private void setAside(PendingBlob blob, ContentLost cause) {
        BlobKey key = blob.record.blob().key();
        try {
            LOG.error("'{}' was acknowledged, and is lost; {} is its record", key, files.lost(blob.record), cause);
        } catch (IOException e) {
            cause.addSuppressed(e);
            LOG.error("'{}' was acknowledged, and is lost; its record could not be set aside", key, cause);
        }
        lost.add(key);
        queue.release(blob.size());
    }

    /** Logs attempts 1, 2, 4, 8 and so on as warnings: an outage makes many. */
    private static void report(PendingBlob blob, Throwable failure) {
        int attempt = blob.attempts + 1;
        String message = "'{}' was acknowledged, and could not be uploaded in attempt {}: {}";
        if (Integer.bitCount(attempt) == 1 && !Interrupts.caused(failure)) {
            LOG.warn(message, blob.record.blob().key(), attempt, failure.toString());
        } else {
            LOG.debug(message, blob.record.blob().key(), attempt, failure.toString());
        }
    }

    private StoredBlob store(PendingBlob blob) throws IOException, InterruptedException {
        if (blob.uncertain) {
            Optional<StoredBlob> found = find(blob.record.blob());
            if (found.isPresent()) {
                return found.get();
            }
        }
        try (CachedContent content = open(blob)) {
            return upload(blob, content);
        }
    }

    /**
     * Opens content, and makes sure that it is not damaged: what is sent would be taken for what was acknowledged.
     *
     * @throws ContentLost if it is damaged or missing
     */
    private CachedContent open(PendingBlob blob) throws IOException {
        boolean listing = cache.stats().loading(); // asked first: the listing may end while the content is looked for
        Optional<CachedContent> opened = cache.open(blob.record.content());
        if (opened.isEmpty() && listing) {
            cache.entries(); // waits for its end: before, one of several files of the content is not found
            opened = cache.open(blob.record.content());
        }
        CachedContent content = opened.orElseThrow(() -> new ContentLost(blob, blob.failure));
        try {
            content.verify();
            return content;
        } catch (IntegrityException e) {
            content.close();
            throw new ContentLost(blob, e);
        } catch (IOException | RuntimeException e) {
            content.close();
            throw e;
        }
    }

    private StoredBlob upload(PendingBlob blob, CachedContent content) throws IOException, InterruptedException {
        UploadOptions upload = UploadOptions.builder()
                .store(blob.record.options())
                .retry(RetryPolicy.NEVER) // the queue repeats
                .build();
        Transfer<StoredBlob> transfer =
                transfers.upload(remote, blob.record.blob().key(), CachedSource.of(content), upload);
        return Joining.orCancel(transfer);
    }

    /** Looks whether the remote store has a blob. It is taken for another one if that is not certain. */
    private Optional<StoredBlob> find(BlobMetadata wanted) throws IOException {
        BlobMetadata found;
        try {
            found = remote.head(wanted.key());
        } catch (BlobNotFoundException e) {
            return Optional.empty();
        }
        boolean same = found.size() == wanted.size()
                && found.checksum().isPresent()
                && found.checksum().equals(wanted.checksum())
                && found.userMetadata().equals(wanted.userMetadata())
                && wanted.contentHeaders().entrySet().stream()
                        .allMatch(header ->
                                header.getValue().equals(found.contentHeaders().get(header.getKey())));
        return same
                ? Optional.of(StoredBlob.of(found.key(), found.size(), found.version(), found.checksum()))
                : Optional.empty();
    }

    private Duration delay(int attemptsBefore, Throwable failure) {
        long longest = Math.min(
                options.maxDelay().toMillis(), FIRST_DELAY.toMillis() << Math.min(attemptsBefore, MAX_DOUBLINGS));
        Duration delay = Duration.ofMillis(ThreadLocalRandom.current().nextLong(longest / 2, longest + 1));
        Duration demanded =
                failure instanceof BlobStoreException e ? e.retryAfter().orElse(Duration.ZERO) : Duration.ZERO;
        return delay.compareTo(demanded) > 0 ? delay : demanded;
    }

    /** Forgets a blob that was uploaded, deleted or replaced, and those that it has replaced. Requires the turn. */
    void discard(PendingBlob blob) {
        discardReplaced(blob);
        delete(blob);
    }

    /**
     * Forgets the blobs that one has replaced. Requires the turn: a record must be deleted before that of a later blob,
     * as it would undo what has become of that one after a crash.
     */
    void discardReplaced(PendingBlob blob) {
        queue.takeReplaced(blob).forEach(this::delete);
    }

    private void delete(PendingBlob blob) {
        try {
            files.remove(blob.record);
        } catch (IOException e) {
            LOG.warn("The record of '{}' cannot be deleted", blob.record.blob().key(), e);
        }
        queue.release(blob.size());
    }

    /** Waits for the uploads, and ends the threads. What is left stays recorded. */
    @Override
    public void close() {
        close(options.closeTimeout());
    }

    /** Waits for the uploads, for a limited time, and ends the threads. Idempotent. */
    void close(Duration timeout) {
        boolean interrupted = false;
        try {
            if (!queue.awaitEmpty(timeout)) {
                LOG.warn(
                        "{} blobs were not uploaded yet; they are uploaded when the store is opened again",
                        queue.blobs());
            }
        } catch (InterruptedException e) {
            interrupted = true;
        }
        queue.stop();
        threads.forEach(Thread::interrupt);
        for (Thread thread : threads) {
            interrupted |= join(thread);
        }
        transfers.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends without having been started. */
    void abandon() {
        queue.stop();
        transfers.close();
    }

    private static boolean join(Thread thread) {
        boolean interrupted = false;
        for (; ; ) {
            try {
                thread.join();
                return interrupted;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
    }
}
