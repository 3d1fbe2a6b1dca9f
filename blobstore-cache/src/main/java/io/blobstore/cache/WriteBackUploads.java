package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.StoredBlob;
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
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Uploads what waits, and repeats what failed with growing delays, for ever. An upload that may have taken effect, as
 * it failed or its process was killed, is looked for before the next attempt, so that each blob is stored once.
 * Thread-safe.
 */
final class WriteBackUploads implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(WriteBackUploads.class);
    private static final Duration FIRST_DELAY = Duration.ofMillis(100);
    /** 100 ms doubled so often are more than a week. */
    private static final int MAX_DOUBLINGS = 23;

    private final CachingStore remote;
    private final WriteBackQueue queue;
    private final PendingFiles files;
    private final VersionAliases aliases;
    private final WriteBackOptions options;
    private final TransferManager transfers = TransferManager.create();
    private final List<Thread> threads = new ArrayList<>();
    private final LongAdder uploaded = new LongAdder();
    private final LongAdder retries = new LongAdder();

    WriteBackUploads(
            CachingStore remote,
            WriteBackQueue queue,
            PendingFiles files,
            VersionAliases aliases,
            WriteBackOptions options) {
        this.remote = remote;
        this.queue = queue;
        this.files = files;
        this.aliases = aliases;
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
        Throwable failure = null;
        try {
            StoredBlob stored = store(blob);
            uploaded.increment();
            remember(blob, stored);
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
        UploadOptions upload = UploadOptions.builder()
                .store(blob.record.options())
                .retry(RetryPolicy.NEVER) // the queue repeats
                .build();
        Transfer<StoredBlob> transfer =
                transfers.upload(remote, blob.record.blob().key(), CachedSource.of(blob.content), upload);
        try {
            return transfer.join();
        } catch (InterruptedException e) {
            transfer.cancel();
            transfer.toCompletableFuture().handle((stored, problem) -> "ended").join(); // it reads the content
            throw e;
        }
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

    /** Makes the version known under both names, and its content to the cache. */
    private void remember(PendingBlob blob, StoredBlob stored) {
        BlobKey key = stored.key();
        aliases.put(blob.record.blob(), stored.version());
        try {
            BlobMetadata current = remote.head(key);
            if (current.version().equals(stored.version()) && current.size() == stored.size()) {
                remote.records()
                        .put(new VersionRecord(
                                current.toBuilder()
                                        .checksum(blob.record.blob().checksum())
                                        .build(),
                                blob.record.content()));
            }
        } catch (IOException | RuntimeException e) {
            LOG.debug("'{}' was uploaded, and will be read from the remote store", key, e);
        }
    }

    private Duration delay(int attemptsBefore, Throwable failure) {
        long longest = Math.min(
                options.maxDelay().toMillis(), FIRST_DELAY.toMillis() << Math.min(attemptsBefore, MAX_DOUBLINGS));
        Duration delay = Duration.ofMillis(ThreadLocalRandom.current().nextLong(longest / 2, longest + 1));
        Duration demanded =
                failure instanceof BlobStoreException e ? e.retryAfter().orElse(Duration.ZERO) : Duration.ZERO;
        return delay.compareTo(demanded) > 0 ? delay : demanded;
    }

    /** Forgets a blob that was uploaded or replaced. */
    void discard(PendingBlob blob) {
        try {
            files.remove(blob.record);
        } catch (IOException e) {
            LOG.warn("The record of '{}' cannot be deleted", blob.record.blob().key(), e);
        }
        blob.content.close();
        queue.release(blob.size());
    }

    /** Waits for the uploads, and ends the threads. What is left stays recorded. */
    @Override
    public void close() {
        boolean interrupted = false;
        try {
            if (!queue.awaitEmpty(options.closeTimeout())) {
                LOG.warn(
                        "{} blobs were not uploaded yet; they are uploaded when the store is opened again",
                        queue.blobs());
            }
        } catch (InterruptedException e) {
            interrupted = true;
        }
        List<PendingBlob> left = queue.stop();
        threads.forEach(Thread::interrupt);
        for (Thread thread : threads) {
            interrupted |= join(thread);
        }
        transfers.close();
        left.forEach(blob -> blob.content.close());
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
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
