package io.blobstore.bench;

import com.google.cloud.storage.MultipartUploadClient;
import com.google.cloud.storage.MultipartUploadSettings;
import com.google.cloud.storage.RequestBody;
import com.google.cloud.storage.multipartupload.model.CompleteMultipartUploadRequest;
import com.google.cloud.storage.multipartupload.model.CompletedMultipartUpload;
import com.google.cloud.storage.multipartupload.model.CompletedPart;
import com.google.cloud.storage.multipartupload.model.CreateMultipartUploadRequest;
import com.google.cloud.storage.multipartupload.model.UploadPartRequest;
import java.util.Arrays;

/**
 * google-cloud-storage's client for uploads in parts, fed with slices of the mapping. It computes each part's CRC32C
 * itself.
 */
final class GcsMultipartClient implements BenchmarkClient {
    private final TransferSpec job;
    private final MultipartUploadClient client;
    private final PartWorkers workers;
    private final WarmMapping memory;

    GcsMultipartClient(TransferSpec job) throws Exception {
        job.require("it uploads only", Scenario.Direction.UPLOAD);
        this.job = job;
        this.client = MultipartUploadClient.create(MultipartUploadSettings.of(GoogleSdk.options(job)));
        this.workers = new PartWorkers(job.concurrency());
        this.memory = WarmMapping.forReading(job.file());
    }

    @Override
    public void round() throws Exception {
        String uploadId = client.createMultipartUpload(CreateMultipartUploadRequest.builder()
                        .bucket(TransferSpec.BUCKET)
                        .key(job.key())
                        .build())
                .uploadId();
        CompletedPart[] parts = new CompletedPart[PartWorkers.parts(memory.size(), job.partSize())];
        workers.forEachPart(memory.size(), job.partSize(), (index, offset, length) -> {
            UploadPartRequest request = UploadPartRequest.builder()
                    .bucket(TransferSpec.BUCKET)
                    .key(job.key())
                    .uploadId(uploadId)
                    .partNumber(index + 1)
                    .build();
            String etag = client.uploadPart(request, RequestBody.of(memory.slice(offset, length)))
                    .eTag();
            parts[index] =
                    CompletedPart.builder().partNumber(index + 1).eTag(etag).build();
        });
        client.completeMultipartUpload(CompleteMultipartUploadRequest.builder()
                .bucket(TransferSpec.BUCKET)
                .key(job.key())
                .uploadId(uploadId)
                .multipartUpload(CompletedMultipartUpload.builder()
                        .parts(Arrays.asList(parts))
                        .build())
                .build());
    }

    @Override
    public void close() {
        workers.close();
    }
}
