package io.blobstore.spi;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.MultipartUpload;
import io.blobstore.Operation;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * A base class that implements the states of a multipart upload, and the operations permitted in each. A backend
 * implements how a part is sent, how the blob is made visible, and how the parts are deleted after an abort.
 *
 * <p>Threads that send parts share a read lock; completing and aborting hold the write lock, so that no part is sent
 * while {@link #publish} or {@link #discard} runs, or after a {@link #discard}. Thread-safe.
 *
 * @param <P> the backend's description of a part that was sent
 */
public abstract class AbstractMultipartUpload<P> implements MultipartUpload {
    private enum State {
        OPEN,
        /** Closed, and kept at the store. */
        CLOSED,
        COMPLETED,
        ABORTED
    }

    private final BlobKey key;
    private final OpenUploads uploads;
    private final ConcurrentSkipListMap<Integer, P> parts = new ConcurrentSkipListMap<>();

    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    // Guarded by lock:
    private State state = State.OPEN;

    private boolean kept;

    /** Gets the size of the parts, if it was not known before, when the upload is completed. */
    private volatile PartLayout layout;

    private @Nullable StoredBlob result;
    private boolean freed;

    /**
     * Creates an upload without parts.
     *
     * @param uploads the open uploads of the store, from which this one is removed when it ends
     */
    protected AbstractMultipartUpload(BlobKey key, PartLayout layout, OpenUploads uploads) {
        this.key = key;
        this.layout = layout;
        this.uploads = uploads;
    }

    // ---- implemented by backends

    /**
     * Sends a part that fits the layout. May run concurrently with other calls of this method, but not with
     * {@link #publish} and {@link #discard}.
     */
    protected abstract P send(int partNumber, BlobSource content) throws IOException;

    /**
     * Looks for a part among those that the store had received when the upload was resumed. Asked before a part is
     * sent; must not return a part that may have been replaced since.
     *
     * @return the part; empty if the store has none of this number, or its content may be different
     */
    protected Optional<P> received(int partNumber, BlobSource content) throws IOException {
        return Optional.empty();
    }

    /** Makes what the store has of the upload survive this process. Runs at most once, before the first part. */
    protected void preserve() throws IOException {}

    /** Releases what this object holds of an upload that is kept, when it is closed before its end. Idempotent. */
    protected void detach() throws IOException {}

    /** Converts the description of a part that was sent. */
    protected abstract UploadedPart describe(P part);

    /**
     * Makes the blob visible. May be called again after a failure. The size of the {@link #layout()} is known by now.
     *
     * @param sent all parts of the layout, in order
     * @param checksum the checksum of the whole content
     */
    protected abstract StoredBlob publish(List<P> sent, Crc32c checksum) throws IOException;

    /**
     * Deletes the parts that the store keeps. May be called again after a failure, but not after {@link #publish} has
     * succeeded.
     */
    protected abstract void discard() throws IOException;

    // ---- MultipartUpload

    @Override
    public final BlobKey key() {
        return key;
    }

    @Override
    public final PartLayout layout() {
        return layout;
    }

    @Override
    public final UploadedPart uploadPart(int partNumber, BlobSource content) throws IOException {
        layout().requirePart(partNumber, content);
        lock.readLock().lock();
        try {
            requireOpen();
            Optional<P> received = received(partNumber, content);
            P sent = received.isPresent() ? received.get() : send(partNumber, content);
            parts.put(partNumber, sent);
            return describe(sent);
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public final List<UploadedPart> parts() {
        return parts.values().stream().map(this::describe).toList();
    }

    @Override
    public final StoredBlob complete(Crc32c checksum) throws IOException {
        lock.writeLock().lock();
        try {
            if (result != null) {
                return result;
            }
            requireOpen();
            PartLayout complete = layout.withSizeOf(parts());
            requireChecksum(complete, checksum);
            layout = complete;
            StoredBlob published = publish(List.copyOf(parts.values()), checksum);
            result = published;
            state = State.COMPLETED;
            uploads.remove(this);
            return published;
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void requireChecksum(PartLayout complete, Crc32c wanted) throws IntegrityException {
        Crc32c sent = complete.checksum(parts());
        if (!sent.equals(wanted)) {
            throw new IntegrityException(
                    Operation.COMPLETE_UPLOAD,
                    key,
                    "the checksums of its parts combine to " + sent + ", but " + wanted + " is expected",
                    null);
        }
    }

    @Override
    public final void keep() throws IOException {
        lock.writeLock().lock();
        try {
            requireOpen();
            if (!kept) {
                preserve();
                kept = true;
                uploads.remove(this);
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    @Override
    public final void close() throws IOException {
        lock.writeLock().lock();
        try {
            if (kept && state == State.OPEN) {
                state = State.CLOSED;
            }
            if (state == State.CLOSED) {
                detach();
            } else {
                abort();
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    @Override
    public final void abort() throws IOException {
        lock.writeLock().lock();
        try {
            if (state == State.OPEN || state == State.CLOSED) {
                state = State.ABORTED;
                uploads.remove(this);
            }
            if (state == State.ABORTED && !freed) {
                discard();
                freed = true; // only now: after a failure, another call tries again
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void requireOpen() {
        if (state != State.OPEN) {
            throw new IllegalStateException("this upload of '" + key + "' is "
                    + switch (state) {
                        case COMPLETED -> "completed";
                        case CLOSED -> "closed; resume it";
                        default -> "aborted, or its store was closed";
                    });
        }
    }

    @Override
    public String toString() {
        return getClass().getSimpleName() + "[" + key + ", " + parts.size()
                + (layout.isSizeKnown() ? " of " + layout.partCount() : "") + " parts]";
    }
}
