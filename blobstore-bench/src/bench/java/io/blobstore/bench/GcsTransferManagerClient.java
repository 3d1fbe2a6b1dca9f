package io.blobstore.bench;

import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.transfermanager.DownloadResult;
import com.google.cloud.storage.transfermanager.ParallelDownloadConfig;
import com.google.cloud.storage.transfermanager.ParallelUploadConfig;
import com.google.cloud.storage.transfermanager.TransferManager;
import com.google.cloud.storage.transfermanager.TransferManagerConfig;
import com.google.cloud.storage.transfermanager.TransferStatus;
import com.google.cloud.storage.transfermanager.UploadResult;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.regex.Pattern;

/**
 * google-cloud-storage's transfer manager, which uploads the file by its name, or downloads to it. It verifies a
 * download that is one request; of one in parts, it compares no checksum.
 */
final class GcsTransferManagerClient implements BenchmarkClient {
    /** It uploads in parts only what has more of them, and only if it has more workers; {@code DefaultQos} says so. */
    private static final int TOO_FEW_PARTS = 4;

    private static final int TOO_FEW_WORKERS = 2;

    /** It downloads in parts only what is larger, however large a part is; {@code DefaultQos} says so too. */
    private static final long TOO_SMALL = 128L << 20;

    private final TransferSpec job;
    private final TransferManager manager;
    private final ParallelUploadConfig uploads;

    private GcsTransferManagerClient(TransferSpec job, TransferManagerConfig.Builder manager) {
        this.job = job;
        this.manager = manager.setStorageOptions(GoogleSdk.options(job)).build().getService();
        this.uploads = ParallelUploadConfig.newBuilder()
                .setBucketName(TransferSpec.BUCKET)
                .setUploadBlobInfoFactory(
                        (bucket, file) -> BlobInfo.newBuilder(bucket, job.key()).build())
                .build();
    }

    /**
     * A download by ranges, many at once; an upload by a parallel composite upload: parts that are objects of their
     * own, composed and then deleted. Of an upload, it computes CRC32C twice, of each part and of the whole.
     */
    static BenchmarkClient inParts(TransferSpec job) throws IOException {
        return job.isUpload() ? composite(job) : divided(job);
    }

    private static BenchmarkClient composite(TransferSpec job) throws IOException {
        int workers = job.concurrency() + 1; // one reads the file, and sends nothing
        if (workers <= TOO_FEW_WORKERS || Files.size(job.file()) <= (long) TOO_FEW_PARTS * job.partSize()) {
            throw new BenchmarkException(
                    "it uploads in parts only more than " + TOO_FEW_PARTS + " of them, 2 or more at once");
        }
        return new GcsTransferManagerClient(
                job,
                TransferManagerConfig.newBuilder()
                        .setAllowParallelCompositeUpload(true)
                        .setMaxWorkers(workers)
                        .setPerWorkerBufferSize(job.partSize()));
    }

    private static BenchmarkClient divided(TransferSpec job) throws IOException {
        requireFile(job);
        if (Files.size(job.file()) <= TOO_SMALL) {
            throw new BenchmarkException("it downloads in parts only more than " + (TOO_SMALL >> 20) + " MiB");
        }
        return new GcsTransferManagerClient(
                job,
                TransferManagerConfig.newBuilder()
                        .setAllowDivideAndConquerDownload(true)
                        .setMaxWorkers(job.concurrency())
                        .setPerWorkerBufferSize(job.partSize()));
    }

    /** As one gets it: one resumable upload of the whole, or one request for it, whatever the job says of parts. */
    static BenchmarkClient byDefault(TransferSpec job) {
        requireFile(job);
        return new GcsTransferManagerClient(job, TransferManagerConfig.newBuilder());
    }

    private static void requireFile(TransferSpec job) {
        job.require("it uploads files, and downloads to them", Scenario.Direction.UPLOAD, Scenario.Direction.DOWNLOAD);
    }

    @Override
    public void round() throws Exception {
        if (job.isUpload()) {
            upload();
        } else {
            download();
        }
    }

    private void upload() throws Exception {
        UploadResult result = manager.uploadFiles(List.of(job.file()), uploads)
                .getUploadResults()
                .get(0);
        if (result.getStatus() != TransferStatus.SUCCESS) {
            throw result.getException();
        }
    }

    private void download() throws Exception {
        ParallelDownloadConfig downloads = ParallelDownloadConfig.newBuilder()
                .setBucketName(TransferSpec.BUCKET)
                .setDownloadDirectory(job.newFile()) // nothing is left of the name: the file itself
                .setStripPrefix(Pattern.quote(job.key()))
                .build();
        BlobInfo blob = BlobInfo.newBuilder(TransferSpec.BUCKET, job.key()).build();
        DownloadResult result = manager.downloadBlobs(List.of(blob), downloads)
                .getDownloadResults()
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
