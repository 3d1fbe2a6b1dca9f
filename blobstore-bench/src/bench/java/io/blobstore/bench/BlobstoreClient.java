package io.blobstore.bench;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.gcs.GcsBlobStore;
import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.nio.ByteBuffer;

/** This library, as its users use it: a store, a mapped file, the parallel uploader and reader. */
final class BlobstoreClient implements BenchmarkClient {
    private final TransferSpec job;
    private final BlobKey key;
    private final BlobStore store;
    private final TransferManager uploader;
    private final TransferManager reader;
    private final MappedFile file;
    private final Lease warm;

    private BlobstoreClient(TransferSpec job, BlobStore store) throws IOException {
        this.job = job;
        this.key = BlobKey.of(job.key());
        this.store = store;
        this.uploader = TransferManager.create();
        this.reader = TransferManager.create();
        this.file = MappedFile.open(
                job.file(), job.isUpload() ? MappedFile.Access.READ_ONLY : MappedFile.Access.READ_WRITE);
        this.warm = job.isUpload() ? file.region().acquire() : file.region().acquireWritable();
        for (ByteBuffer buffer : warm.buffers()) {
            if (job.isUpload()) {
                Crc32c.of(buffer);
            } else {
                WarmMapping.touch(buffer);
            }
        }
    }

    static BenchmarkClient s3(TransferSpec job) throws IOException {
        return new BlobstoreClient(job, s3Store(job));
    }

    /** Opened by its URI, as anybody does it. */
    static BlobStore s3Store(TransferSpec job) throws IOException {
        return BlobStores.open("s3://" + TransferSpec.BUCKET + "?endpoint=" + job.endpoint() + "&region="
                + TransferSpec.REGION + "&pathStyle=true");
    }

    static BenchmarkClient gcs(TransferSpec job) throws IOException {
        return new BlobstoreClient(job, gcsStore(job));
    }

    static BlobStore gcsStore(TransferSpec job) throws IOException {
        return GcsBlobStore.builder(TransferSpec.BUCKET)
                .endpoint(job.endpoint())
                .credentials(GoogleSdk.credentials())
                .open();
    }

    @Override
    public void round() throws Exception {
        if (job.isUpload()) {
            UploadOptions options = UploadOptions.builder()
                    .partSize(job.partSize())
                    .concurrency(job.concurrency())
                    .build();
            uploader.upload(store, key, file.region(), options).join();
        } else {
            read();
        }
    }

    private void read() throws Exception {
        DownloadOptions options = DownloadOptions.builder()
                .partSize(job.partSize())
                .concurrency(job.concurrency())
                .build();
        BlobTarget target = job.scenario().direction == Scenario.Direction.DOWNLOAD
                ? BlobTarget.ofPath(job.newFile())
                : file.region();
        reader.download(store, key, ByteRange.all(), target, options).join();
    }

    @Override
    public void close() throws Exception {
        uploader.close();
        warm.close();
        file.close();
        store.close();
        reader.close();
    }
}
