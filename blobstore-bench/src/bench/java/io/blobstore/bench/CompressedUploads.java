package io.blobstore.bench;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.TransferManager;
import io.blobstore.zstd.CompressedBlobs;
import io.blobstore.zstd.internal.ContentHasher;
import io.blobstore.zstd.internal.FrameCompressor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Uploads a mapped file as a compressed blob, or compresses it in the same way and drops the frames. */
final class CompressedUploads implements Workload.Run {
    private static final int FRAME = 1 << 20;
    private static final BlobKey KEY = BlobKey.of("compressed");

    private final MappedFile source;
    private final AutoCloseable threads;
    private final Work work;

    private interface Work {
        void run() throws IOException, InterruptedException;
    }

    private CompressedUploads(MappedFile source, AutoCloseable threads, Work work) {
        this.source = source;
        this.threads = threads;
        this.work = work;
    }

    static Workload.Run upload(Workload.Spec spec) throws IOException {
        MappedFile source = MappedFile.open(spec.source());
        TransferManager transfers = TransferManager.create();
        BlobStore store = BlobStores.open("s3://" + TransferSpec.BUCKET + "?endpoint=" + spec.endpoint() + "&region="
                + TransferSpec.REGION + "&pathStyle=true");
        CompressedBlobs blobs = CompressedBlobs.of(store);
        return new CompressedUploads(
                source,
                () -> {
                    transfers.close();
                    store.close();
                },
                () -> blobs.upload(transfers, KEY, source.region()).join());
    }

    static Workload.Run compress(Workload.Spec spec) throws IOException {
        MappedFile source = MappedFile.open(spec.source());
        int cores = Runtime.getRuntime().availableProcessors();
        ExecutorService threads = Executors.newFixedThreadPool(cores);
        return new CompressedUploads(source, threads::shutdown, () -> {
            ContentHasher hasher = new ContentHasher();
            try (FrameCompressor compressor =
                    new FrameCompressor(threads, cores, 1, true, hasher::update, (length, frame) -> {})) {
                for (long at = 0; at < source.size(); at += FRAME) {
                    compressor.add(source.region().slice(at, Math.min(FRAME, source.size() - at)), () -> {});
                }
                compressor.finish();
            }
        });
    }

    /** Stores the content of a file as a compressed blob in a directory beside it, and returns the file of the blob. */
    static Path compressedFile(Path content) throws IOException, InterruptedException {
        Path directory = content.resolveSibling("compressed");
        Files.createDirectories(directory);
        try (MappedFile source = MappedFile.open(content);
                TransferManager transfers = TransferManager.create();
                BlobStore store = BlobStores.open(directory.toUri() + "?durability=none")) {
            CompressedBlobs.of(store).upload(transfers, KEY, source.region()).join();
        }
        return directory.resolve(KEY.toString());
    }

    @Override
    public void round() throws Exception {
        work.run();
    }

    @Override
    public void close() throws Exception {
        threads.close();
        source.close();
    }
}
