package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.MultipartUpload;
import io.blobstore.PartLayout;
import io.blobstore.Precondition;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import io.blobstore.http.HttpResponse;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An upload that S3 keeps under an id. Threads that send parts share {@link #lock}; who ends the upload has it alone, so that S3
 * never takes a part after the abort that should free it.
 */
final class S3MultipartUpload implements MultipartUpload, OpenUploads.Abortable {
    private static final String OPERATION = "store";

    private enum State {
        OPEN,
        COMPLETED,
        ABORTED
    }

    private final S3Bucket bucket;
    private final RemoteUpload remote;
    private final PartLayout layout;
    private final Precondition condition;
    private final Conditions conditions;
    private final Consumer<S3MultipartUpload> onEnd;
    private final ConcurrentSkipListMap<Integer, Sent> parts = new ConcurrentSkipListMap<>();

    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    // Guarded by lock:
    private State state = State.OPEN;
    private @Nullable StoredBlob result;
    private boolean freed;
    /** Whether a completion may have happened although its answer says otherwise, or is lost. */
    private boolean completionUnknown;

    S3MultipartUpload(
            S3Bucket bucket,
            RemoteUpload remote,
            PartLayout layout,
            Precondition condition,
            Conditions conditions,
            Consumer<S3MultipartUpload> onEnd) {
        this.bucket = bucket;
        this.remote = remote;
        this.layout = layout;
        this.condition = condition;
        this.conditions = conditions;
        this.onEnd = onEnd;
    }

    /** A part, and what S3 calls it. */
    private record Sent(UploadedPart part, String etag) {}

    @Override
    public BlobKey key() {
        return remote.key();
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
            Crc32c checksum = bucket.translating(OPERATION, key(), () -> Crc32c.of(content));
            Map<String, String> fields = new TreeMap<>(bucket.headers().part());
            if (bucket.settings().keepsChecksums()) {
                fields.put(S3Headers.CHECKSUM, checksum.base64());
            }
            Map<String, String> query = Map.of("partNumber", "" + partNumber, "uploadId", remote.id());
            HttpResponse response = bucket.request(
                    OPERATION, key(), () -> bucket.payloads().put(remote.object(), query, fields, content));
            SinglePut.accepted(key(), response, checksum);
            String etag = response.header("ETag")
                    .filter(tag -> !tag.isEmpty())
                    .orElseThrow(() -> ObjectMetadata.incomplete(OPERATION, key(), "ETag"));
            UploadedPart part = new UploadedPart(partNumber, content.size(), checksum);
            parts.put(partNumber, new Sent(part, etag));
            return part;
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public List<UploadedPart> parts() {
        return parts.values().stream().map(Sent::part).toList();
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
            result = completed(checksum);
            state = State.COMPLETED;
            onEnd.accept(this);
            return result;
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void requireChecksum(Crc32c wanted) throws IntegrityException {
        Crc32c sent = layout.checksum(parts());
        if (!sent.equals(wanted)) {
            throw new IntegrityException(
                    OPERATION, key(), "the parts combine to " + sent + ", but " + wanted + " was sent", null);
        }
    }

    private StoredBlob completed(Crc32c checksum) throws IOException {
        List<RemoteUpload.Part> sent = parts.values().stream()
                .map(part -> new RemoteUpload.Part(
                        part.part().partNumber(),
                        part.etag(),
                        Optional.of(part.part().checksum())))
                .toList();
        try {
            return remote.complete(sent, Optional.of(checksum), layout.size(), S3Headers.condition(condition));
        } catch (BlobStoreException e) {
            boolean mayHaveHappened = RemoteUpload.mayHaveHappened(e, completionUnknown);
            completionUnknown |= Conditions.isOutcomeUnknown(e);
            if (mayHaveHappened) {
                Optional<StoredBlob> found =
                        conditions.findSent(OPERATION, key(), condition, layout.size(), checksum, e);
                if (found.isPresent()) {
                    return found.get();
                }
            }
            throw conditions.explain(OPERATION, key(), condition, e);
        }
    }

    @Override
    public void abort() throws IOException {
        lock.writeLock().lock();
        try {
            if (state == State.OPEN) {
                state = State.ABORTED;
                onEnd.accept(this);
            }
            if (state == State.ABORTED && !freed) {
                remote.abort();
                freed = true; // after a failure, a second call tries again
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void requireOpen() {
        if (state != State.OPEN) {
            throw new IllegalStateException("this upload of '" + key() + "' is "
                    + (state == State.COMPLETED ? "completed" : "aborted, or its store was closed"));
        }
        bucket.requireOpen();
    }

    @Override
    public String toString() {
        return "S3MultipartUpload[" + key() + ", " + parts.size() + " of " + layout.partCount() + " parts]";
    }
}
