package io.blobstore.internal.mem;

import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.IncompleteUpload;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * The blobs and unfinished uploads of one store in memory, or of several stores with the same name.
 *
 * <p>Callers copy the content of a source before they call {@link #put}, so that a source that blocks or fails does not
 * hold the lock. Thread-safe.
 */
public final class MemoryContent {
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final TreeMap<BlobKey, Blob> blobs = new TreeMap<>();
    private final TreeMap<Long, Upload> uploads = new TreeMap<>();
    private long versions;
    private long uploadIds;

    /** Creates content without blobs. */
    public MemoryContent() {}

    /**
     * A blob.
     *
     * @param content its bytes on the heap; neither they nor the position and limit of the buffer ever change
     */
    record Blob(BlobMetadata metadata, ByteBuffer content) {}

    /** An upload and the parts that were received, by number. */
    private record Upload(IncompleteUpload description, Map<Integer, ByteBuffer> parts) {
        boolean is(BlobKey key, String id) {
            return description.key().equals(key) && description.id().equals(id);
        }
    }

    private <T> T locked(Supplier<T> action) {
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    Blob require(Operation operation, BlobKey key) throws BlobNotFoundException {
        Blob blob = locked(() -> blobs.get(key));
        if (blob == null) {
            throw new BlobNotFoundException(operation, key, null);
        }
        return blob;
    }

    List<BlobMetadata> list() {
        return locked(() -> blobs.values().stream().map(Blob::metadata).toList());
    }

    void remove(BlobKey key) {
        locked(() -> Optional.ofNullable(blobs.remove(key)));
    }

    long removeAll(String prefix) {
        return locked(() -> {
            int before = blobs.size();
            blobs.keySet().removeIf(key -> key.toString().startsWith(prefix));
            return (long) before - blobs.size();
        });
    }

    /** Makes a blob visible. The caller must not change the content, or the position of the buffer, after that. */
    StoredBlob put(Operation operation, BlobKey key, ByteBuffer content, StoreOptions options)
            throws PreconditionFailedException {
        return put(
                operation,
                key,
                content,
                options.precondition(),
                metadata -> metadata.contentHeaders(options.contentHeaders()).userMetadata(options.userMetadata()));
    }

    /** Makes a copy of a blob visible, with all of its metadata. */
    StoredBlob copy(Blob source, BlobKey to, Precondition condition) throws PreconditionFailedException {
        return put(
                Operation.COPY,
                to,
                source.content,
                condition,
                metadata -> metadata.contentHeaders(source.metadata.contentHeaders())
                        .userMetadata(source.metadata.userMetadata()));
    }

    private StoredBlob put(
            Operation operation,
            BlobKey key,
            ByteBuffer content,
            Precondition condition,
            UnaryOperator<BlobMetadata.Builder> describe)
            throws PreconditionFailedException {
        Crc32c checksum = Crc32c.of(content.duplicate());
        lock.lock();
        try {
            requireCondition(operation, key, condition);
            BlobMetadata metadata = describe.apply(BlobMetadata.builder(
                                    key, content.remaining(), new BlobVersion("v" + ++versions), Instant.now())
                            .checksum(Optional.of(checksum)))
                    .build();
            blobs.put(key, new Blob(metadata, content));
            return StoredBlob.of(key, metadata.size(), metadata.version(), metadata.checksum());
        } finally {
            lock.unlock();
        }
    }

    private void requireCondition(Operation operation, BlobKey key, Precondition condition)
            throws PreconditionFailedException {
        Blob current = blobs.get(key);
        if (condition instanceof Precondition.IfAbsent && current != null) {
            throw new BlobAlreadyExistsException(operation, key, null);
        }
        if (condition instanceof Precondition.IfMatch wanted) {
            if (current == null) {
                throw new PreconditionFailedException(
                        operation,
                        key,
                        "the blob does not exist, but version " + wanted.version() + " was expected",
                        null);
            }
            requireVersion(operation, wanted.version(), current.metadata);
        }
    }

    static void requireVersion(Operation operation, BlobVersion wanted, BlobMetadata found)
            throws PreconditionFailedException {
        if (!wanted.equals(found.version())) {
            throw new PreconditionFailedException(
                    operation,
                    found.key(),
                    "it has version " + found.version() + ", but " + wanted + " was expected",
                    null);
        }
    }

    // ---- uploads

    long addUpload(BlobKey key) {
        return locked(() -> {
            long id = ++uploadIds;
            IncompleteUpload description = IncompleteUpload.of(key, Long.toString(id), Optional.of(Instant.now()));
            uploads.put(id, new Upload(description, new HashMap<>()));
            return id;
        });
    }

    /** Returns the number of an upload; empty if it is gone, or has no parts. */
    Optional<Long> findUpload(BlobKey key, String id) {
        return locked(() -> uploads.entrySet().stream()
                .filter(upload -> upload.getValue().is(key, id)
                        && !upload.getValue().parts.isEmpty())
                .map(Map.Entry::getKey)
                .findFirst());
    }

    /** Adds or replaces a part of an upload; returns whether there is that upload. */
    boolean putPart(long id, int number, ByteBuffer content) {
        return locked(() -> {
            Upload upload = uploads.get(id);
            if (upload != null) {
                upload.parts.put(number, content);
            }
            return upload != null;
        });
    }

    /** Returns a part of an upload; empty if it was not received. */
    Optional<ByteBuffer> part(long id, int number) {
        return locked(() -> Optional.ofNullable(uploads.get(id)).map(upload -> upload.parts.get(number)));
    }

    void removeUpload(long id) {
        locked(() -> Optional.ofNullable(uploads.remove(id)));
    }

    boolean hasUpload(long id) {
        return locked(() -> uploads.containsKey(id));
    }

    List<IncompleteUpload> listUploads(String prefix) {
        return locked(() -> uploads.values().stream()
                .map(Upload::description)
                .filter(upload -> upload.key().toString().startsWith(prefix))
                .sorted(Comparator.comparing(IncompleteUpload::key))
                .toList());
    }

    void abortUpload(BlobKey key, String id) {
        locked(() -> uploads.values().removeIf(upload -> upload.is(key, id)));
    }

    // ---- for tests of stores

    /** Returns a description of each upload that is neither completed nor aborted. */
    public List<String> openUploads() {
        return locked(() -> uploads.entrySet().stream()
                .map(upload -> "upload " + upload.getKey() + " of '"
                        + upload.getValue().description.key() + "'")
                .toList());
    }

    /**
     * Changes the bytes of a blob but not its metadata, as failing memory would.
     *
     * @param damage changes a copy of the bytes in place, without moving the position of the buffer
     * @throws BlobNotFoundException if the key has no blob
     */
    public void damage(BlobKey key, Consumer<ByteBuffer> damage) throws BlobNotFoundException {
        Blob blob = require(Operation.READ, key);
        ByteBuffer copy = ByteBuffer.allocate(blob.content.remaining());
        copy.put(blob.content.duplicate()).flip();
        damage.accept(copy);
        locked(() -> Optional.ofNullable(blobs.replace(key, new Blob(blob.metadata, copy))));
    }
}
