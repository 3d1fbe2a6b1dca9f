package io.blobstore.cli;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ReadResult;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.util.concurrent.ExecutorService;

/** Reads one blob in parallel parts. */
final class FileDownload {
    private static final DownloadOptions OPTIONS =
            DownloadOptions.builder().concurrency(4).build();

    private FileDownload() {}

    static Measurement<ReadResult> run(BlobStore store, BlobKey key, BlobTarget target, boolean resume, ProgressBar bar)
            throws IOException {
        DownloadOptions options = OPTIONS.toBuilder().resumable(resume).build();
        // Own threads instead of the reader's: they are alive when the heap is measured.
        ExecutorService threads = TransferRun.threads(OPTIONS.concurrency());
        try (bar;
                TransferManager reader =
                        TransferManager.builder().executor(threads).build()) {
            return TransferRun.await(bar, () -> reader.download(store, key, ByteRange.all(), target, options));
        } finally {
            threads.shutdown();
        }
    }
}
