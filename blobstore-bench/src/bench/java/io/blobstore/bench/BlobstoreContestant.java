package io.blobstore.bench;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.Lease;
import io.blobstore.gcs.GcsBlobStore;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.ParallelUploader;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.nio.ByteBuffer;

/** This library, as its users use it: a store, a mapped file, the parallel uploader. */
final class BlobstoreContestant implements Contestant {
    private final Job job;
    private final BlobKey key;
    private final PartWorkers workers;
    private final BlobStore store;
    private final ParallelUploader uploader;
    private final MappedFile file;
    private final Lease warm;

    private BlobstoreContestant(Job job, BlobStore store) throws IOException {
        this.job = job;
        this.key = BlobKey.of(job.key());
        this.workers = new PartWorkers(job.concurrency());
        this.store = store;
        this.uploader = ParallelUploader.create();
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

    static Contestant s3(Job job) throws IOException {
        return new BlobstoreContestant(
                job,
                BlobStores.open("s3://" + Job.BUCKET + "?endpoint=" + job.endpoint() + "&region=" + Job.REGION
                        + "&pathStyle=true"));
    }

    static Contestant gcs(Job job) throws IOException {
        return new BlobstoreContestant(
                job,
                GcsBlobStore.builder(Job.BUCKET)
                        .endpoint(job.endpoint())
                        .credentials(GoogleSdk.credentials())
                        .open());
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
        ByteBuffer target = warm.buffers().get(0);
        PartChecksums checksums = new PartChecksums(file.size(), job.partSize());
        workers.forEachPart(file.size(), job.partSize(), (index, offset, length) -> {
            ByteBuffer slice = target.slice(Math.toIntExact(offset), length);
            checksums.set(
                    index, store.read(key, ByteRange.of(offset, length), slice).checksum());
        });
        checksums.require(store.head(key).checksum().orElseThrow().base64());
    }

    @Override
    public void close() throws Exception {
        uploader.close();
        warm.close();
        file.close();
        store.close();
        workers.close();
    }
}
