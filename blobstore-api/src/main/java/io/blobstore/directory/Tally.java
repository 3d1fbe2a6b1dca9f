package io.blobstore.directory;

import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.directory.FileResult.Outcome;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts the outcomes of a directory transfer, and passes them on to its listener, one at a time. Thread-safe. */
final class Tally {
    private static final Logger LOG = LoggerFactory.getLogger(Tally.class);

    private final FailureMode mode;
    private final DirectoryListener listener;

    /** Held during calls of the listener. */
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final List<FileResult> failures = new ArrayList<>();
    private long transferred;
    private long bytes;
    private long unchanged;
    private long skipped;
    private long deleted;
    private long failed;
    private boolean incomplete;
    private boolean listenerFailed;
    /** The last failure that stops the transfer; null if there is none. */
    private @Nullable IOException stopping;

    Tally(DirectoryOptions options) {
        mode = options.failureMode();
        listener = options.listener();
    }

    void done(DirectoryEntry entry, Outcome outcome) {
        lock.lock();
        try {
            switch (outcome) {
                case TRANSFERRED -> {
                    transferred++;
                    bytes += entry.size();
                }
                case UNCHANGED -> unchanged++;
                case DELETED -> deleted++;
                default -> throw new IllegalArgumentException("a failure has a reason");
            }
            notifyListener(FileResult.of(entry, outcome));
        } finally {
            lock.unlock();
        }
    }

    /** Counts an entry of the source that is no file. */
    void skipped() {
        lock.lock();
        try {
            skipped++;
        } finally {
            lock.unlock();
        }
    }

    /** Counts entries that a server listed though they cannot be blobs; files of their names may not be deleted. */
    void skippedByStore(long entries) {
        lock.lock();
        try {
            skipped += entries;
            incomplete |= entries > 0;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Records that a file failed.
     *
     * @throws IOException the failure, if the transfer stops at the first one
     */
    void failed(String path, Exception reason) throws IOException {
        IOException failure = reason instanceof IOException io
                ? io
                : new BlobStoreException(
                        Operation.READ_SOURCE, null, "'" + path + "': " + reason.getMessage(), reason, false);
        lock.lock();
        try {
            if (failure == stopping) {
                throw failure; // recorded already, further down the stack
            }
            stopping = mode == FailureMode.STOP ? failure : null;
            failed++;
            FileResult result = FileResult.failed(path, failure);
            if (failures.size() < DirectoryResult.MAX_FAILURES) {
                failures.add(result);
            }
            notifyListener(result);
        } finally {
            lock.unlock();
        }
        if (mode == FailureMode.STOP) {
            throw failure;
        }
    }

    /** Records that something was not read, like {@link #failed}: nothing may be deleted as extraneous any more. */
    void unreadable(String path, Exception reason) throws IOException {
        lock.lock();
        try {
            incomplete = true;
        } finally {
            lock.unlock();
        }
        failed(path, reason);
    }

    private void notifyListener(FileResult result) {
        try {
            listener.onFile(result);
        } catch (RuntimeException | Error e) {
            if (!listenerFailed) {
                listenerFailed = true;
                LOG.warn("The listener threw for {}; the transfer continues. Logged once.", result.path(), e);
            }
        }
    }

    /** Returns whether everything was read, so that what is missing in the source is known. */
    boolean isComplete() {
        lock.lock();
        try {
            return !incomplete;
        } finally {
            lock.unlock();
        }
    }

    DirectoryResult result() {
        lock.lock();
        try {
            return new DirectoryResult(transferred, bytes, unchanged, skipped, deleted, failed, failures);
        } finally {
            lock.unlock();
        }
    }
}
