package io.blobstore.cli;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.StoredBlob;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import io.blobstore.zstd.CompressedBlobs;
import io.blobstore.zstd.CompressionOptions;
import io.blobstore.zstd.CompressionResult;
import java.io.IOException;
import java.util.concurrent.ExecutorService;
import java.util.function.Function;

/** Stores one source in parallel parts, as it is or compressed. */
final class FileUpload {
    private FileUpload() {}

    static Measurement<StoredBlob> run(
            BlobStore store, BlobKey key, BlobSource source, UploadOptions options, ProgressBar bar)
            throws IOException {
        return run(options.concurrency(), bar, uploader -> uploader.upload(store, key, source, options));
    }

    /** Stores content that is read once, while it is read; closes the content. */
    static Measurement<StoredBlob> stream(
            BlobStore store, BlobKey key, StandardInput content, UploadOptions options, ProgressBar bar)
            throws IOException {
        int threads = options.concurrency() + 1; // one more reads
        return run(threads, TransferRun.partMemory(), bar, uploader -> uploader.upload(store, key, content, options));
    }

    /** Copies a blob to another store. */
    static Measurement<StoredBlob> copy(
            BlobStore source, BlobKey from, BlobStore target, BlobKey to, UploadOptions options, ProgressBar bar)
            throws IOException {
        return run(
                options.concurrency(),
                TransferRun.partMemory(),
                bar,
                copier -> copier.copy(source, from, target, to, options));
    }

    static Measurement<CompressionResult> compress(
            BlobStore store, BlobKey key, BlobSource source, CompressionOptions options, ProgressBar bar)
            throws IOException {
        int threads = options.upload().concurrency() + 1; // one more hashes, and hands frames on
        return run(threads, bar, uploader -> CompressedBlobs.of(store).upload(uploader, key, source, options));
    }

    private static <T> Measurement<T> run(int count, ProgressBar bar, Function<TransferManager, Transfer<T>> upload)
            throws IOException {
        // A single transfer from memory that exists, bounded by its concurrency.
        return run(count, Long.MAX_VALUE, bar, upload);
    }

    private static <T> Measurement<T> run(
            int count, long maxBytesInFlight, ProgressBar bar, Function<TransferManager, Transfer<T>> upload)
            throws IOException {
        // Own threads instead of the uploader's: as many as requested, and alive when the heap is measured.
        ExecutorService threads = TransferRun.threads(count);
        try (bar;
                TransferManager uploader = TransferManager.builder()
                        .executor(threads)
                        .maxBytesInFlight(maxBytesInFlight)
                        .build()) {
            return TransferRun.await(bar, () -> upload.apply(uploader));
        } finally {
            threads.shutdown();
        }
    }
}
