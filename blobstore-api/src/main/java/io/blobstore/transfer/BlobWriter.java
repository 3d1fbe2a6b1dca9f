package io.blobstore.transfer;

import io.blobstore.StoredBlob;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Stores a blob whose content is written piece by piece, and whose size need not be known before. Opened by
 * {@link TransferManager#openWriter}, or passed to a {@link ContentGenerator}.
 *
 * <pre>{@code
 * try (TransferManager transfers = TransferManager.create();
 *         BlobWriter writer = transfers.openWriter(store, key)) {
 *     for (Path log : List.of(Path.of("1.log"), Path.of("2.log"))) {
 *         writer.write(ByteBuffer.wrap(Files.readAllBytes(log)));
 *     }
 *     StoredBlob stored = writer.complete(); // without this, close() discards what was written
 *     System.out.println(stored.size() + " bytes of version " + stored.version());
 * }
 * }</pre>
 *
 * <p>Bytes are copied into pooled direct buffers. A part is sent as soon as it is full and more bytes follow, with the
 * retries, limits and checksums of any upload. Writing waits while {@link UploadOptions#concurrency()} parts are in
 * flight, or {@link TransferManager.Builder#maxBytesInFlight} bytes. Content of at most one part is stored with one
 * request; a store without multipart uploads takes no more than that. Memory: the parts in flight, and one more; parts
 * that are not full take less.
 *
 * <p>If the size is not announced, parts {@linkplain io.blobstore.spi.PartLayout#growing grow}, so that the store's
 * largest blob fits into its maximum number of parts.
 *
 * <p>Nothing becomes visible before {@link #complete()}. If a part fails permanently, the upload is stopped: the next
 * call throws that failure. If a thread is interrupted in {@code write} or {@code complete}, the upload is cancelled,
 * and the call throws {@link InterruptedIOException} with the interrupt status set. After either, the writer can only
 * be closed.
 *
 * <p>Thread-safe. Writes are serialized; {@link #cancel()} and {@link #progress()} wait for none.
 */
public final class BlobWriter implements WritableByteChannel {
    private final StreamedUpload<?> upload;

    /** Held while something is written. */
    private final ReentrantLock lock = new ReentrantLock();

    private volatile boolean open = true;
    /** Whether the upload is being completed: a manager that is closed waits for that. */
    private volatile boolean completing;

    BlobWriter(StreamedUpload<?> upload) {
        this.upload = upload;
    }

    /**
     * Appends the remaining bytes of a buffer, which may be direct or not. They are copied: the buffer belongs to the
     * caller again when this returns. Waits while as many parts are in flight as may be.
     *
     * @param content its position advances to its limit; after a failure, it says how many bytes were taken
     * @return the number of bytes
     * @throws ClosedChannelException if the writer is completed or closed
     * @throws IllegalArgumentException if the content is larger than was announced, or than the store allows; nothing
     *     of the buffer was taken
     * @throws CancellationException if the upload was cancelled
     * @throws IOException if a part could not be stored
     */
    @Override
    public int write(ByteBuffer content) throws IOException {
        lock.lock();
        try {
            requireOpen();
            int bytes = content.remaining();
            upload.write(content);
            return bytes;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Returns a view as a stream, for code that writes to one. It appends as {@link #write} does; its methods throw the
     * same exceptions. Closing the stream refuses further bytes to the stream only: the blob is stored by
     * {@link #complete()}, and discarded by {@link #close()}.
     */
    public OutputStream asOutputStream() {
        return new BlobOutputStream(this);
    }

    /** Returns the number of bytes that were written so far, those {@linkplain #reserve reserved} included. */
    public long size() {
        lock.lock();
        try {
            return upload.written();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Leaves room at the start of the blob, for a header that is known at the end only. The first part is then kept in
     * memory, and sent last.
     *
     * @param bytes from 1 to the size of a part
     * @throws IllegalStateException if something was written before
     */
    public void reserve(int bytes) throws IOException {
        lock.lock();
        try {
            requireOpen();
            upload.reserve(bytes);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Sets the bytes for which room was reserved. Must be called before the end; the last call counts.
     *
     * @param content exactly as many remaining bytes as were reserved; its position and limit are unchanged
     */
    public void setReserved(ByteBuffer content) throws IOException {
        lock.lock();
        try {
            requireOpen();
            upload.setReserved(content);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Reports how far the upload has got as soon as what was written so far is stored; for generators that have a
     * {@link ContentGenerator#progressTotal}.
     *
     * @param units not less than before
     */
    public void reportProgress(long units) throws IOException {
        lock.lock();
        try {
            requireOpen();
            upload.progress(units);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until all was stored, and makes the blob visible. To be called once; not by a {@link ContentGenerator},
     * whose content is complete when it returns.
     *
     * @throws IllegalStateException if called by a generator
     * @throws io.blobstore.PreconditionFailedException if the precondition of the options does not hold
     * @throws CancellationException if the upload was cancelled
     * @throws IOException if a part could not be stored, or the blob not be made visible
     */
    public StoredBlob complete() throws IOException {
        StreamedUpload<StoredBlob> transfer = upload.held();
        lock.lock();
        try {
            requireOpen();
            completing = true;
            open = false;
            transfer.finishHeld();
        } finally {
            lock.unlock();
        }
        try {
            return transfer.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            InterruptedIOException interrupted =
                    new InterruptedIOException("interrupted while the upload was completed; it goes on until closed");
            interrupted.initCause(e);
            throw interrupted;
        } catch (CancellationException e) {
            if (!Thread.currentThread().isInterrupted()) {
                throw e;
            }
            InterruptedIOException interrupted = new InterruptedIOException(String.valueOf(e.getMessage()));
            interrupted.initCause(e);
            throw interrupted;
        }
    }

    /**
     * Cancels the upload, without waiting: requests in flight are interrupted, and the next call of another method
     * throws {@link CancellationException}. The writer must still be closed.
     *
     * @return false if it is too late, as in {@link Transfer#cancel}
     */
    public boolean cancel() {
        return upload.cancel();
    }

    /** Returns the progress of the upload; the total is not known. */
    public TransferProgress progress() {
        return upload.progress();
    }

    /** Returns whether bytes can be written. */
    @Override
    public boolean isOpen() {
        return open;
    }

    /**
     * Cancels the upload unless it was completed, and waits until all its memory is released, and what was sent is
     * discarded. Idempotent. A {@link ContentGenerator} need not call this; to it, no more bytes can be written then.
     */
    @Override
    public void close() {
        if (!upload.isHeld()) {
            end();
            return;
        }
        if (!upload.isDone()) {
            upload.cancel(); // before the lock: a thread that writes leaves it then
            giveUp();
        }
        upload.awaitEnd(upload::cancel);
    }

    /** Cancels the upload for a manager that is being closed, unless it is being completed. */
    void abandon() {
        if (!completing) {
            upload.cancel();
            giveUp();
        }
    }

    private void giveUp() {
        lock.lock();
        try {
            open = false;
            upload.letGo();
        } finally {
            lock.unlock();
        }
    }

    /** Refuses further bytes, as the generator has returned. */
    void end() {
        lock.lock();
        try {
            open = false;
        } finally {
            lock.unlock();
        }
    }

    private void requireOpen() throws ClosedChannelException {
        if (!open) {
            throw new ClosedChannelException();
        }
    }
}
