package io.blobstore.split.repository;

import io.blobstore.BlobTarget;
import io.blobstore.TargetException;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.verity.VerityDigest;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The whole content of an object, which was verified before: in direct memory, or in a temporary file if it is large.
 * Used by one thread at a time.
 */
final class VerifiedObject implements Closeable {
    /** Larger objects are in a file; in bytes. */
    static final int MAX_MEMORY = 16 << 20;

    private static final int BUFFER = 256 << 10;

    private final ObjectId id;
    private final @Nullable PooledBuffer memory;
    private final @Nullable TemporaryFile file;

    private VerifiedObject(ObjectId id, @Nullable PooledBuffer memory, @Nullable TemporaryFile file) {
        this.id = id;
        this.memory = memory;
        this.file = file;
    }

    /**
     * Reads and verifies an object.
     *
     * @param digest a digest without content, and without content again afterwards
     * @param wanted asked again and again while a large object is read, which ends if it returns false, or the thread
     *     is interrupted
     * @throws DamagedObjectException if size or content differ
     * @throws TargetException if the temporary file cannot be written, or the read was ended
     */
    static VerifiedObject read(ObjectStore store, ObjectId id, long size, VerityDigest digest, BooleanSupplier wanted)
            throws IOException {
        if (size > MAX_MEMORY) {
            return readFile(store, id, size, digest, wanted);
        }
        PooledBuffer memory = DirectBufferPool.shared().take((int) size);
        try {
            Verification.read(store, id, BlobTarget.Window.of(memory.buffer().clear()), digest);
            return new VerifiedObject(id, memory, null);
        } catch (Throwable e) {
            memory.close();
            throw e;
        }
    }

    private static VerifiedObject readFile(
            ObjectStore store, ObjectId id, long size, VerityDigest digest, BooleanSupplier wanted) throws IOException {
        TemporaryFile file = TemporaryFile.create("an object of " + size + " bytes");
        try (PooledBuffer buffer = DirectBufferPool.shared().take(BUFFER)) {
            Verification.read(
                    store,
                    id,
                    new SpillWindow(buffer.buffer(), size, bytes -> {
                        requireWanted(id, wanted);
                        file.append(bytes);
                    }),
                    digest);
            return new VerifiedObject(id, null, file);
        } catch (Throwable e) {
            file.close();
            throw e;
        }
    }

    private static void requireWanted(ObjectId id, BooleanSupplier wanted) throws TargetException {
        if (!wanted.getAsBoolean()) {
            throw new TargetException(
                    "the copy of the object " + id, "its reader was closed", new AsynchronousCloseException());
        }
        if (Thread.currentThread().isInterrupted()) {
            throw new TargetException(
                    "the copy of the object " + id, "its reader was interrupted", new InterruptedIOException());
        }
    }

    ObjectId id() {
        return id;
    }

    /** Fills a buffer's remaining bytes with those at an offset. */
    void read(long offset, ByteBuffer target) throws IOException {
        if (memory != null) {
            target.put(memory.buffer().slice((int) offset, target.remaining()));
        } else {
            Objects.requireNonNull(file).read(offset, target);
        }
    }

    @Override
    public void close() throws IOException {
        if (memory != null) {
            memory.close();
        }
        if (file != null) {
            file.close();
        }
    }
}
