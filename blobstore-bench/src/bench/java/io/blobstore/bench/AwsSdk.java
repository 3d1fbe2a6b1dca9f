package io.blobstore.bench;

import io.blobstore.Crc32c;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3BaseClientBuilder;
import software.amazon.awssdk.services.s3.S3CrtAsyncClientBuilder;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;

/** What the contestants with a client of the AWS SDK have in common. */
final class AwsSdk {
    private AwsSdk() {}

    /** A client of the server that a job names. */
    static <B extends S3BaseClientBuilder<B, C>, C> B at(TransferSpec job, B builder) {
        return builder.endpointOverride(job.endpoint())
                .region(Region.of(TransferSpec.REGION))
                .forcePathStyle(true);
    }

    /** As {@link #at}, of the one that runs on the CRT, whose builder is of another kind. */
    static S3CrtAsyncClientBuilder crtBuilder(TransferSpec job) {
        return S3AsyncClient.crtBuilder()
                .endpointOverride(job.endpoint())
                .region(Region.of(TransferSpec.REGION))
                .forcePathStyle(true);
    }

    static UploadPartRequest.Builder uploadPart(TransferSpec job, String uploadId, int index, int length) {
        return UploadPartRequest.builder()
                .bucket(TransferSpec.BUCKET)
                .key(job.key())
                .uploadId(uploadId)
                .partNumber(index + 1)
                .contentLength((long) length);
    }

    /** With the checksum as a header, which the SDK then adds no trailer to. */
    static UploadPartRequest uploadPart(TransferSpec job, String uploadId, int index, ByteBuffer content) {
        return uploadPart(job, uploadId, index, content.remaining())
                .checksumCRC32C(Crc32c.of(content).base64())
                .build();
    }

    static CompleteMultipartUploadRequest complete(TransferSpec job, String uploadId, String[] etags) {
        List<CompletedPart> parts = new ArrayList<>();
        for (int i = 0; i < etags.length; i++) {
            parts.add(CompletedPart.builder().partNumber(i + 1).eTag(etags[i]).build());
        }
        return CompleteMultipartUploadRequest.builder()
                .bucket(TransferSpec.BUCKET)
                .key(job.key())
                .uploadId(uploadId)
                .multipartUpload(upload -> upload.parts(parts))
                .build();
    }

    static String range(long offset, int length) {
        return "bytes=" + offset + "-" + (offset + length - 1);
    }
}
