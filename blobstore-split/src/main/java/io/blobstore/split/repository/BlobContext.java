package io.blobstore.split.repository;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.ReadResult;
import io.blobstore.StoredBlob;
import io.blobstore.split.TarFormatException;
import io.blobstore.split.oci.OciDescriptor;
import io.blobstore.split.oci.OciImage;
import io.blobstore.split.oci.OciLayoutException;
import io.blobstore.split.oci.OciLayoutException.Reason;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.TransferContext;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;

/**
 * The context of a split that is a part of an import: progress is that of the whole import, and failures name the blob.
 */
final class BlobContext implements TransferContext {
    private final TransferContext context;
    private final OciImage image;
    private final OciDescriptor blob;
    private final boolean reports;

    /** @param reports whether the bytes that are split are the progress; false if those that are read are */
    BlobContext(TransferContext context, OciImage image, OciDescriptor blob, boolean reports) {
        this.context = context;
        this.image = image;
        this.blob = blob;
        this.reports = reports;
    }

    /** Runs a part of the split on the first worker. */
    void run(Work work) throws IOException, InterruptedException {
        try {
            work.run();
        } catch (IntegrityException e) {
            // a check of what was stored has another operation
            throw e.operation() == Operation.READ_SOURCE
                    ? failure(Reason.WRONG_DIFF_ID, "it is not the content that the image says", e)
                    : e;
        } catch (TarFormatException e) {
            throw failure(Reason.MALFORMED, "the layer is no tar archive that can be split", e);
        }
    }

    private OciLayoutException failure(Reason reason, String problem, IOException cause) {
        return new OciLayoutException(
                reason,
                image.layout().directory(),
                blob.digest().toString(),
                problem + ": " + cause.getMessage(),
                cause);
    }

    @Override
    public int startWorkers(int workers, Work work) {
        return context.startWorkers(workers, () -> run(work));
    }

    @Override
    public boolean isStopped() {
        return context.isStopped();
    }

    @Override
    public <R> R retrying(String request, Request<R> body) throws IOException, InterruptedException {
        return context.retrying(request, body);
    }

    @Override
    public <R> R withinBudget(long bytes, Request<R> request) throws IOException, InterruptedException {
        return context.withinBudget(bytes, request);
    }

    @Override
    public StoredBlob upload(BlobStore store, BlobKey key, BlobSource source, UploadOptions options)
            throws IOException, InterruptedException {
        return context.upload(store, key, source, options);
    }

    @Override
    public ReadResult download(BlobStore store, BlobKey key, BlobTarget target, DownloadOptions options)
            throws IOException, InterruptedException {
        return context.download(store, key, target, options);
    }

    @Override
    public StoredBlob copy(BlobStore source, BlobKey from, BlobStore target, BlobKey to, UploadOptions options)
            throws IOException, InterruptedException {
        return context.copy(source, from, target, to, options);
    }

    @Override
    public void planned(long totalBytes, int totalParts) {
        // the import has planned all of its blobs
    }

    @Override
    public void moved(long bytes) {
        if (reports) {
            context.moved(bytes);
        }
    }
}
