package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ReadResult;
import io.blobstore.StoredBlob;
import java.io.IOException;

/**
 * The means by which a {@link TransferTask} does its work. Thread-safe; to be used by the workers of its transfer only.
 */
public interface TransferContext {
    /** The work of a further worker. */
    @FunctionalInterface
    interface Work {
        /** Runs the work; an exception stops the other workers, and is the outcome of the transfer. */
        void run() throws IOException, InterruptedException;
    }

    /** A request to a store. */
    @FunctionalInterface
    interface Request<R> {
        /** Sends the request once, and returns the response. */
        R send() throws IOException, InterruptedException;
    }

    /**
     * Submits further workers to the manager's executor. They may run at any time or never, and on this thread before
     * this method returns. Fewer are submitted if the executor rejects some.
     *
     * @return the number of workers that the executor accepted
     */
    int startWorkers(int workers, Work work);

    /** Returns whether a worker failed or the transfer was cancelled: no more work may start. */
    boolean isStopped();

    /**
     * Sends a request, and repeats it after failures as the transfer's retry policy says. Waits while the store
     * throttles.
     *
     * @param request describes the request, for the listener
     * @param body must not send a request by this method itself
     */
    <R> R retrying(String request, Request<R> body) throws IOException, InterruptedException;

    /**
     * Sends a request while the manager's budget of bytes in flight is reduced by {@code bytes}; waits for the budget
     * first. Must not be nested.
     */
    <R> R withinBudget(long bytes, Request<R> request) throws IOException, InterruptedException;

    /**
     * Stores a blob as a step of this transfer, in parallel parts where {@link TransferManager#upload} would. This
     * thread sends parts, and waits for others that the manager's executor runs by then. The upload is throttled
     * together with this transfer, cancelled with it, and counts in its progress. Must not be called from a request.
     *
     * @param options the retries are those of the upload; the concurrency limits its parts
     * @throws IOException if the upload failed; then this transfer may continue
     */
    StoredBlob upload(BlobStore store, BlobKey key, BlobSource source, UploadOptions options)
            throws IOException, InterruptedException;

    /**
     * Reads a whole blob as a step of this transfer, as {@link #upload} stores one.
     *
     * @throws IOException if the download failed; then this transfer may continue
     */
    ReadResult download(BlobStore store, BlobKey key, BlobTarget target, DownloadOptions options)
            throws IOException, InterruptedException;

    /**
     * Copies a blob to another store as a step of this transfer, as {@link #upload} stores one. A task that copies must
     * not call {@link #upload}, {@link #download} and {@link #withinBudget} meanwhile: a part of a copy takes the
     * budget before it waits for a store that throttles, the others in reverse order.
     */
    StoredBlob copy(BlobStore source, BlobKey from, BlobStore target, BlobKey to, UploadOptions options)
            throws IOException, InterruptedException;

    /** Sets the total of the progress. */
    void planned(long totalBytes, int totalParts);

    /** Adds to the progress: one part of so many bytes. Calls the listener. */
    void moved(long bytes);
}
