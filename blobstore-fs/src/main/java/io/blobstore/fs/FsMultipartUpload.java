package io.blobstore.fs;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.MultipartUpload;
import io.blobstore.PartLayout;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Parts of one temporary file. Threads that write parts share {@link #lock}; who ends the upload has it alone, so that the
 * file is neither published nor deleted under a writer.
 */
final class FsMultipartUpload implements MultipartUpload {
    private static final String OPERATION = "store";

    private enum State {
        OPEN,
        COMPLETED,
        ABORTED
    }

    private final BlobKey key;
    private final PartLayout layout;
    private final Path root;
    private final PendingBlob blob;
    private final Consumer<FsMultipartUpload> onEnd;
    private final ConcurrentSkipListMap<Integer, UploadedPart> parts = new ConcurrentSkipListMap<>();

    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    // Guarded by lock:
    private State state = State.OPEN;
    private @Nullable StoredBlob result;

    FsMultipartUpload(BlobKey key, PartLayout layout, Path root, PendingBlob blob, Consumer<FsMultipartUpload> onEnd) {
        this.key = key;
        this.layout = layout;
        this.root = root;
        this.blob = blob;
        this.onEnd = onEnd;
    }

    @Override
    public BlobKey key() {
        return key;
    }

    @Override
    public PartLayout layout() {
        return layout;
    }

    @Override
    public UploadedPart uploadPart(int partNumber, BlobSource content) throws IOException {
        layout.requirePart(partNumber, content);
        lock.readLock().lock();
        try {
            requireOpen();
            Crc32c checksum =
                    FsErrors.translating(OPERATION, key, root, () -> blob.write(layout.offset(partNumber), content));
            UploadedPart part = new UploadedPart(partNumber, content.size(), checksum);
            parts.put(partNumber, part);
            return part;
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public List<UploadedPart> parts() {
        return List.copyOf(parts.values());
    }

    @Override
    public StoredBlob complete(Crc32c checksum) throws IOException {
        lock.writeLock().lock();
        try {
            if (result != null) {
                return result;
            }
            requireOpen();
            requireChecksum(checksum);
            result = FsErrors.translating(OPERATION, key, root, () -> {
                StoredBlob published = blob.publish(checksum);
                blob.discard();
                return published;
            });
            state = State.COMPLETED;
            onEnd.accept(this);
            return result;
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void requireChecksum(Crc32c wanted) throws IntegrityException {
        Crc32c written = layout.checksum(parts());
        if (!written.equals(wanted)) {
            throw new IntegrityException(
                    OPERATION, key, "the parts combine to " + written + ", but " + wanted + " was sent", null);
        }
    }

    @Override
    public void abort() throws IOException {
        lock.writeLock().lock();
        try {
            if (state == State.OPEN) {
                state = State.ABORTED;
                onEnd.accept(this);
                FsErrors.translating("abort", key, root, () -> {
                    blob.discard();
                    return true;
                });
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
        return "FsMultipartUpload[" + key + ", " + parts.size() + " of " + layout.partCount() + " parts]";
    }
}
