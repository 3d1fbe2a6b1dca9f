package io.blobstore.bench;

import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.transfermanager.ParallelUploadConfig;
import com.google.cloud.storage.transfermanager.TransferManager;
import com.google.cloud.storage.transfermanager.TransferManagerConfig;
import com.google.cloud.storage.transfermanager.TransferStatus;
import com.google.cloud.storage.transfermanager.UploadResult;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;

/** google-cloud-storage's transfer manager, which uploads the file by its name. */
final class GcsTransferManagerContestant implements Contestant {
    /** It uploads in parts only what has more of them, and only if it has more workers; {@code DefaultQos} says so. */
    private static final int TOO_FEW_PARTS = 4;

    private static final int TOO_FEW_WORKERS = 2;

    private final Job job;
    private final TransferManager manager;
    private final ParallelUploadConfig config;

    private GcsTransferManagerContestant(Job job, TransferManagerConfig.Builder manager) {
        this.job = job;
        this.manager = manager.setStorageOptions(GoogleSdk.options(job)).build().getService();
        this.config = ParallelUploadConfig.newBuilder()
                .setBucketName(Job.BUCKET)
                .setUploadBlobInfoFactory(
                        (bucket, file) -> BlobInfo.newBuilder(bucket, job.key()).build())
                .build();
    }

    /**
     * By a parallel composite upload: parts that are objects of their own, composed and then deleted. It computes CRC32C twice, of each
     * part and of the whole.
     */
    static Contestant composite(Job job) throws IOException {
        int workers = job.concurrency() + 1; // one reads the file, and sends nothing
        if (workers <= TOO_FEW_WORKERS || Files.size(job.file()) <= (long) TOO_FEW_PARTS * job.partSize()) {
            throw new BenchmarkException(
                    "it uploads in parts only more than " + TOO_FEW_PARTS + " of them, 2 or more at once");
        }
        return new GcsTransferManagerContestant(
                job,
                TransferManagerConfig.newBuilder()
                        .setAllowParallelCompositeUpload(true)
                        .setMaxWorkers(workers)
                        .setPerWorkerBufferSize(job.partSize()));
    }

    /** As one gets it: one resumable upload of the whole, whatever the job says of parts. */
    static Contestant byDefault(Job job) {
        return new GcsTransferManagerContestant(job, TransferManagerConfig.newBuilder());
    }

    @Override
    public void round() throws Exception {
        UploadResult result = manager.uploadFiles(List.of(job.file()), config)
                .getUploadResults()
                .get(0);
        if (result.getStatus() != TransferStatus.SUCCESS) {
            throw result.getException();
        }
    }

    @Override
    public void close() throws Exception {
        manager.close();
    }
}
