package io.blobstore.spi;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.MultipartUpload;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * The states of an upload, and who may do what in them. A backend adds how a part is sent, how the blob is made
 * visible, and how what the store keeps is freed.
 *
 * <p>Threads that send parts share a lock; who ends the upload has it alone, so that the store never gets a part after
 * what should free it, and never publishes beside a writer. Thread-safe.
 *
 * @param <P> what the backend has to know about a part that was sent
 */
public abstract class AbstractMultipartUpload<P> implements MultipartUpload {
    private static final String OPERATION = "store";

    private enum State {
        OPEN,
        COMPLETED,
        ABORTED
    }

    private final BlobKey key;
    private final PartLayout layout;
    private final OpenUploads uploads;
    private final ConcurrentSkipListMap<Integer, P> parts = new ConcurrentSkipListMap<>();

    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    // Guarded by lock:
    private State state = State.OPEN;
    private @Nullable StoredBlob result;
    private boolean freed;

    /**
     * An upload without parts yet.
     *
     * @param uploads is told of the end
     */
    protected AbstractMultipartUpload(BlobKey key, PartLayout layout, OpenUploads uploads) {
        this.key = key;
        this.layout = layout;
        this.uploads = uploads;
    }

    // ---- what a backend adds

    /** Sends a part that fits the layout. Runs beside others, and never beside {@link #publish} or {@link #discard}. */
    protected abstract P send(int partNumber, BlobSource content) throws IOException;

    /** A part that was sent, as the contract describes it. */
    protected abstract UploadedPart describe(P part);

    /**
     * Makes the blob visible. Called again after a failure, if the user does.
     *
     * @param sent all parts of the layout, in order
     * @param checksum what their checksums combine to
     */
    protected abstract StoredBlob publish(List<P> sent, Crc32c checksum) throws IOException;

    /**
     * Frees what the store keeps. Called again after a failure, if the user does; not after {@link #publish} has
     * succeeded.
     */
    protected abstract void discard() throws IOException;

    // ---- the contract

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
        layout.requirePart(partNumber, content);
        lock.readLock().lock();
        try {
            requireOpen();
            P sent = send(partNumber, content);
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
            requireChecksum(checksum);
            StoredBlob published = publish(List.copyOf(parts.values()), checksum);
            result = published;
            state = State.COMPLETED;
            uploads.remove(this);
            return published;
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void requireChecksum(Crc32c wanted) throws IntegrityException {
        Crc32c sent = layout.checksum(parts());
        if (!sent.equals(wanted)) {
            throw new IntegrityException(
                    OPERATION, key, "the parts combine to " + sent + ", but " + wanted + " was sent", null);
        }
    }

    @Override
    public final void abort() throws IOException {
        lock.writeLock().lock();
        try {
            if (state == State.OPEN) {
                state = State.ABORTED;
                uploads.remove(this);
            }
            if (state == State.ABORTED && !freed) {
                discard();
                freed = true; // after a failure, a second call tries again
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void requireOpen() {
        if (state != State.OPEN) {
            throw new IllegalStateException("this upload of '" + key + "' is "
                    + (state == State.COMPLETED ? "completed" : "aborted, or its store was closed"));
        }
    }

    @Override
    public String toString() {
        return getClass().getSimpleName() + "[" + key + ", " + parts.size() + " of " + layout.partCount() + " parts]";
    }
}
