package io.blobstore.bench;

import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.transfermanager.DownloadJob;
import com.google.cloud.storage.transfermanager.DownloadResult;
import com.google.cloud.storage.transfermanager.ParallelDownloadConfig;
import com.google.cloud.storage.transfermanager.ParallelUploadConfig;
import com.google.cloud.storage.transfermanager.TransferManager;
import com.google.cloud.storage.transfermanager.TransferManagerConfig;
import com.google.cloud.storage.transfermanager.TransferStatus;
import com.google.cloud.storage.transfermanager.UploadJob;
import com.google.cloud.storage.transfermanager.UploadResult;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * google-cloud-storage's transfer manager, which uploads or downloads a file. It verifies downloads of one request, but
 * not downloads in parts.
 */
final class GcsTransferManagerClient implements BenchmarkClient {
    /** An upload in parts needs more parts and more workers than these ({@code DefaultQos}). */
    private static final int TOO_FEW_PARTS = 4;

    private static final int TOO_FEW_WORKERS = 2;

    /** A download in parts needs more bytes than this ({@code DefaultQos}). */
    private static final long TOO_SMALL = 128L << 20;

    private final TransferSpec spec;
    private final TransferManager manager;
    private final ParallelUploadConfig uploads;

    private GcsTransferManagerClient(TransferSpec spec, TransferManagerConfig.Builder manager) {
        this.spec = spec;
        this.manager =
                manager.setStorageOptions(GoogleSdk.options(spec)).build().getService();
        this.uploads = ParallelUploadConfig.newBuilder()
                .setBucketName(TransferSpec.BUCKET)
                .setUploadBlobInfoFactory((bucket, file) ->
                        BlobInfo.newBuilder(bucket, spec.key()).build())
                .build();
    }

    /**
     * Creates a client that downloads concurrent ranges, or uploads parts as objects, which are composed and then
     * deleted. For an upload, it computes CRC32C twice, of each part and of the whole.
     */
    static BenchmarkClient inParts(TransferSpec spec) throws IOException {
        int workers = spec.concurrency() + (spec.isUpload() ? 1 : 0); // one of an upload only reads the file
        long size = Files.size(spec.file());
        if (spec.isUpload() && (workers <= TOO_FEW_WORKERS || size <= (long) TOO_FEW_PARTS * spec.partSize())) {
            throw new BenchmarkException(
                    "uploads in parts only if there are more than " + TOO_FEW_PARTS + ", 2 or more at once");
        }
        if (!spec.isUpload() && size <= TOO_SMALL) {
            throw new BenchmarkException("downloads in parts only more than " + (TOO_SMALL >> 20) + " MiB");
        }
        TransferManagerConfig.Builder config = TransferManagerConfig.newBuilder()
                .setAllowParallelCompositeUpload(spec.isUpload())
                .setAllowDivideAndConquerDownload(!spec.isUpload())
                .setMaxWorkers(workers)
                .setPerWorkerBufferSize(spec.partSize());
        return new GcsTransferManagerClient(spec, config);
    }

    /** Creates a client with default settings: one resumable upload, or one request for the whole object. */
    static BenchmarkClient byDefault(TransferSpec spec) {
        return new GcsTransferManagerClient(spec, TransferManagerConfig.newBuilder());
    }

    @Override
    public void round() throws Exception {
        if (spec.isUpload()) {
            UploadJob job = manager.uploadFiles(List.of(spec.file()), uploads);
            UploadResult result = job.getUploadResults().get(0);
            requireSuccess(result.getStatus(), result::getException);
        } else {
            ParallelDownloadConfig downloads = ParallelDownloadConfig.newBuilder()
                    .setBucketName(TransferSpec.BUCKET)
                    .setDownloadDirectory(spec.newFile()) // the prefix is the whole key, so that this is the file
                    .setStripPrefix(Pattern.quote(spec.key()))
                    .build();
            BlobInfo blob = BlobInfo.newBuilder(TransferSpec.BUCKET, spec.key()).build();
            DownloadJob job = manager.downloadBlobs(List.of(blob), downloads);
            DownloadResult result = job.getDownloadResults().get(0);
            requireSuccess(result.getStatus(), result::getException);
        }
    }

    private static void requireSuccess(TransferStatus status, Supplier<Exception> problem) throws Exception {
        if (status != TransferStatus.SUCCESS) {
            throw problem.get();
        }
    }

    @Override
    public void close() throws Exception {
        manager.close();
    }
}
