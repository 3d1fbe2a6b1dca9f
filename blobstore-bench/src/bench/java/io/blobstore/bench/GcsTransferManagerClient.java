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
        return spec.isUpload() ? composite(spec) : divided(spec);
    }

    private static BenchmarkClient composite(TransferSpec spec) throws IOException {
        int workers = spec.concurrency() + 1; // one of them only reads the file
        if (workers <= TOO_FEW_WORKERS || Files.size(spec.file()) <= (long) TOO_FEW_PARTS * spec.partSize()) {
            throw new BenchmarkException(
                    "uploads in parts only if there are more than " + TOO_FEW_PARTS + ", 2 or more at once");
        }
        return new GcsTransferManagerClient(
                spec,
                TransferManagerConfig.newBuilder()
                        .setAllowParallelCompositeUpload(true)
                        .setMaxWorkers(workers)
                        .setPerWorkerBufferSize(spec.partSize()));
    }

    private static BenchmarkClient divided(TransferSpec spec) throws IOException {
        requireFile(spec);
        if (Files.size(spec.file()) <= TOO_SMALL) {
            throw new BenchmarkException("downloads in parts only more than " + (TOO_SMALL >> 20) + " MiB");
        }
        return new GcsTransferManagerClient(
                spec,
                TransferManagerConfig.newBuilder()
                        .setAllowDivideAndConquerDownload(true)
                        .setMaxWorkers(spec.concurrency())
                        .setPerWorkerBufferSize(spec.partSize()));
    }

    /** Creates a client with default settings: one resumable upload, or one request for the whole object. */
    static BenchmarkClient byDefault(TransferSpec spec) {
        requireFile(spec);
        return new GcsTransferManagerClient(spec, TransferManagerConfig.newBuilder());
    }

    private static void requireFile(TransferSpec spec) {
        spec.require("uploads and downloads files only", Operation.UPLOAD, Operation.DOWNLOAD);
    }

    @Override
    public void round() throws Exception {
        if (spec.isUpload()) {
            upload();
        } else {
            download();
        }
    }

    private void upload() throws Exception {
        UploadResult result = manager.uploadFiles(List.of(spec.file()), uploads)
                .getUploadResults()
                .get(0);
        if (result.getStatus() != TransferStatus.SUCCESS) {
            throw result.getException();
        }
    }

    private void download() throws Exception {
        ParallelDownloadConfig downloads = ParallelDownloadConfig.newBuilder()
                .setBucketName(TransferSpec.BUCKET)
                .setDownloadDirectory(spec.newFile()) // the prefix is the whole key, so that this is the file
                .setStripPrefix(Pattern.quote(spec.key()))
                .build();
        BlobInfo blob = BlobInfo.newBuilder(TransferSpec.BUCKET, spec.key()).build();
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
