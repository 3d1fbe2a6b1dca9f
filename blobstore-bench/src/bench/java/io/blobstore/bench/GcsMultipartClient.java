package io.blobstore.bench;

import com.google.cloud.storage.MultipartUploadClient;
import com.google.cloud.storage.MultipartUploadSettings;
import com.google.cloud.storage.RequestBody;
import com.google.cloud.storage.multipartupload.model.CompleteMultipartUploadRequest;
import com.google.cloud.storage.multipartupload.model.CompletedMultipartUpload;
import com.google.cloud.storage.multipartupload.model.CompletedPart;
import com.google.cloud.storage.multipartupload.model.CreateMultipartUploadRequest;
import com.google.cloud.storage.multipartupload.model.UploadPartRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** google-cloud-storage's client for multipart uploads, given mapped slices. It computes the CRC32C of each part. */
final class GcsMultipartClient extends PartwiseClient {
    private final MultipartUploadClient client;

    GcsMultipartClient(TransferSpec spec) throws IOException {
        super(spec);
        this.client = MultipartUploadClient.create(MultipartUploadSettings.of(GoogleSdk.options(spec)));
    }

    @Override
    String create() {
        CreateMultipartUploadRequest request = CreateMultipartUploadRequest.builder()
                .bucket(TransferSpec.BUCKET)
                .key(spec.key())
                .build();
        return client.createMultipartUpload(request).uploadId();
    }

    @Override
    String uploadPart(String uploadId, int index, long offset, ByteBuffer content) {
        UploadPartRequest request = UploadPartRequest.builder()
                .bucket(TransferSpec.BUCKET)
                .key(spec.key())
                .uploadId(uploadId)
                .partNumber(index + 1)
                .build();
        return client.uploadPart(request, RequestBody.of(content)).eTag();
    }

    @Override
    void complete(String uploadId, List<String> etags) {
        List<CompletedPart> parts = new ArrayList<>();
        for (String etag : etags) {
            parts.add(CompletedPart.builder()
                    .partNumber(parts.size() + 1)
                    .eTag(etag)
                    .build());
        }
        client.completeMultipartUpload(CompleteMultipartUploadRequest.builder()
                .bucket(TransferSpec.BUCKET)
                .key(spec.key())
                .uploadId(uploadId)
                .multipartUpload(CompletedMultipartUpload.builder().parts(parts).build())
                .build());
    }
}
