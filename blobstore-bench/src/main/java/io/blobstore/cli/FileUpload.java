package io.blobstore.cli;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.StoredBlob;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.util.concurrent.ExecutorService;

/** Stores one source in parallel parts. */
final class FileUpload {
    private FileUpload() {}

    static Measurement<StoredBlob> run(
            BlobStore store, BlobKey key, BlobSource source, UploadOptions options, ProgressBar bar)
            throws IOException {
        // Own threads instead of the uploader's: as many as requested, and alive when the heap is measured.
        ExecutorService threads = TransferRun.threads(options.concurrency());
        try (bar;
                TransferManager uploader = TransferManager.builder()
                        .executor(threads)
                        .maxBytesInFlight(Long.MAX_VALUE) // a single transfer, bounded by its concurrency
                        .build()) {
            return TransferRun.await(bar, () -> uploader.upload(store, key, source, options));
        } finally {
            threads.shutdown();
        }
    }
}
