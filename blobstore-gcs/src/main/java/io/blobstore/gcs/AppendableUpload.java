package io.blobstore.gcs;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.StoredBlob;
import io.blobstore.gcs.grpc.FencedException;
import io.blobstore.gcs.grpc.ObjectWriter;
import io.blobstore.http.objects.BucketContext;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The upload of an object of a zonal bucket that grows: readers see what is persisted, and another process can continue
 * the upload after this one died. {@link GcsBlobStore#createAppendableUpload} creates an object, and
 * {@link GcsBlobStore#resumeAppendableUpload} takes one over.
 *
 * <pre>{@code
 * try (AppendableUpload upload = store.createAppendableUpload(key, StoreOptions.DEFAULT)) {
 *     remember(upload.generation()); // to resume it
 *     upload.append(firstRecords);
 *     upload.flush(); // they are persisted now
 *     upload.append(moreRecords);
 *     StoredBlob blob = upload.finalizeObject();
 * }
 * }</pre>
 *
 * <p>An object has one writer. One that another has replaced fails with {@link FencedUploadException}. If a stream to
 * the server fails, the upload opens another one, and sends again what is not persisted. After a call has thrown an
 * exception, only {@link #close} may be called; what is persisted stays in the object, which can be resumed.
 *
 * <p>Content is copied once, into arrays on the heap: up to 16 MiB that are not persisted, in arrays that are used
 * again. The caller's memory is free when a call returns. Each message has its CRC32C, and the server compares that of
 * the whole object when it is finalized.
 *
 * <p>Each call that appends, flushes or ends the upload is one request for the store's observer, with the operation
 * {@link Operation#APPEND}; its bytes are those that were appended, also if a flush sends them.
 *
 * <p>Thread-safe: calls wait for each other, but {@link #close} ends a call under way.
 */
public final class AppendableUpload implements Closeable {
    private static final Operation OPERATION = Operation.APPEND;
    private static final int BUFFER = 1 << 20;

    private final BucketContext bucket;
    private final BlobKey key;
    private final ObjectWriter writer;
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private boolean ended;

    AppendableUpload(BucketContext bucket, BlobKey key, ObjectWriter writer) {
        this.bucket = bucket;
        this.key = key;
        this.writer = writer;
    }

    /** Returns the key of the blob. */
    public BlobKey key() {
        return key;
    }

    /** Returns the object's generation, with which the upload can be resumed. */
    public long generation() {
        return writer.generation();
    }

    /** Returns the blob's version. It is the same before and after the object is finalized. */
    public BlobVersion version() {
        return new BlobVersion(Long.toString(generation()));
    }

    /** Returns how many bytes of the object are known to be persisted. */
    public long persistedSize() {
        lock.lock();
        try {
            return writer.persistedSize();
        } finally {
            lock.unlock();
        }
    }

    /** Returns the size of the object with everything that was appended. */
    public long size() {
        lock.lock();
        try {
            return writer.size();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Appends content. Less than 2 MiB may stay in memory until more is appended, or flushed. Waits while 16 MiB are
     * not persisted.
     *
     * @throws FencedUploadException if this is not the object's writer any more
     * @throws IllegalStateException if the upload has ended
     * @throws IOException if the content cannot be read or sent
     */
    public void append(BlobSource content) throws IOException {
        run(() -> {
            appendAll(content);
            return key; // no result
        });
    }

    /**
     * Appends the remaining bytes of a buffer, whose position is its limit afterwards. As {@link #append(BlobSource)}
     * otherwise.
     */
    public void append(ByteBuffer content) throws IOException {
        run(() -> {
            append(content, 0);
            return key; // no result
        });
    }

    /**
     * Appends what is missing of some content, after {@link GcsBlobStore#resumeAppendableUpload}: compares what the
     * object has with the beginning of the content, by CRC32C, and appends the rest.
     *
     * @throws IntegrityException if the object is not the beginning of the content; nothing was appended
     * @throws IllegalStateException if something was appended before, or the upload has ended
     */
    public void appendRest(BlobSource content) throws IOException {
        run(() -> {
            long present = writer.persistedSize();
            if (writer.size() != present) {
                throw new IllegalStateException("something was already appended to '" + key + "'");
            }
            Crc32c beginning = present <= content.size() ? Crc32c.of(content.slice(0, present)) : Crc32c.EMPTY;
            if (present > content.size() || !beginning.equals(writer.crc32c())) {
                throw new IntegrityException(
                        OPERATION,
                        key,
                        "the object's " + present + " bytes with the checksum " + writer.crc32c()
                                + " are not the beginning of the content of " + content.size() + " bytes",
                        null);
            }
            appendAll(content.slice(present, content.size() - present));
            return key; // no result
        });
    }

    private void appendAll(BlobSource content) throws IOException {
        long[] more = {content.size()};
        content.forEachBuffer(BUFFER, buffer -> {
            more[0] -= buffer.remaining();
            append(buffer, more[0]);
        });
    }

    private void append(ByteBuffer content, long more) throws IOException {
        int size = content.remaining();
        writer.append(OPERATION, content, more);
        bucket.moved(size, 0);
    }

    /**
     * Waits until everything that was appended is persisted: it survives the end of this process, and readers see it.
     * Costs a round trip.
     *
     * @return the persisted size of the object in bytes
     * @throws FencedUploadException if this is not the object's writer any more
     */
    public long flush() throws IOException {
        return run(() -> writer.flush(OPERATION));
    }

    /**
     * Ends the upload, and makes the object immutable. Size and CRC32C of the whole object are compared with what was
     * appended.
     *
     * @throws FencedUploadException if this is not the object's writer any more
     * @throws IntegrityException if the finalized object is not what was appended
     */
    public StoredBlob finalizeObject() throws IOException {
        return run(() -> {
            StoredBlob stored = writer.finish(OPERATION);
            ended = true;
            return stored;
        });
    }

    /**
     * Ends the upload after everything that was appended is persisted. The object can be resumed.
     *
     * @return the persisted size of the object in bytes
     */
    public long closeUnfinalized() throws IOException {
        return run(() -> {
            long size = writer.close(OPERATION);
            ended = true;
            return size;
        });
    }

    /**
     * Ends the upload at once, unless it has ended. What was not flushed may be lost; the object is not finalized, and
     * can be resumed. A call of another thread fails. Idempotent.
     */
    @Override
    public void close() {
        writer.abort();
    }

    /** A step of an upload. */
    interface Step<T> {
        T run() throws IOException;
    }

    /** Runs a step, and throws the public exception if another writer has replaced this one. */
    static <T> T fenced(Step<T> step) throws IOException {
        try {
            return step.run();
        } catch (FencedException e) {
            throw new FencedUploadException(e, e.problem());
        }
    }

    private <T> T run(Step<T> step) throws IOException {
        lock.lock();
        try {
            if (ended) {
                throw new IllegalStateException("the upload of '" + key + "' has ended");
            }
            boolean succeeded = false;
            try {
                T result = bucket.observed(OPERATION, key, () -> fenced(step));
                succeeded = true;
                return result;
            } finally {
                if (!succeeded) {
                    ended = true;
                    writer.abort();
                }
            }
        } finally {
            lock.unlock();
        }
    }
}
