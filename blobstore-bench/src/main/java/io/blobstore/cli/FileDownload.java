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
    /** The default number of requests in flight. */
    static final int CONCURRENCY = 4;

    private static final DownloadOptions DEFAULT =
            DownloadOptions.builder().concurrency(CONCURRENCY).build();

    private FileDownload() {}

    static Measurement<ReadResult> run(BlobStore store, BlobKey key, BlobTarget target, ProgressBar bar)
            throws IOException {
        return run(store, key, target, DEFAULT, bar);
    }

    static Measurement<ReadResult> run(
            BlobStore store, BlobKey key, BlobTarget target, DownloadOptions options, ProgressBar bar)
            throws IOException {
        // Own threads instead of the reader's: they are alive when the heap is measured.
        ExecutorService threads = TransferRun.threads(options.concurrency());
        try (bar;
                TransferManager reader =
                        TransferManager.builder().executor(threads).build()) {
            return TransferRun.await(bar, () -> reader.download(store, key, ByteRange.all(), target, options));
        } finally {
            threads.shutdown();
        }
    }
}
