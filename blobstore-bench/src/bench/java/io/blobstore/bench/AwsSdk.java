package io.blobstore.bench;

import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;

/** What the contestants with a client of the AWS SDK have in common. */
final class AwsSdk {
    private AwsSdk() {}

    static UploadPartRequest uploadPart(Job job, String uploadId, int index, int length) {
        return UploadPartRequest.builder()
                .bucket(Job.BUCKET)
                .key(job.key())
                .uploadId(uploadId)
                .partNumber(index + 1)
                .contentLength((long) length)
                .build();
    }

    static CompleteMultipartUploadRequest complete(Job job, String uploadId, String[] etags) {
        List<CompletedPart> parts = new ArrayList<>();
        for (int i = 0; i < etags.length; i++) {
            parts.add(CompletedPart.builder().partNumber(i + 1).eTag(etags[i]).build());
        }
        return CompleteMultipartUploadRequest.builder()
                .bucket(Job.BUCKET)
                .key(job.key())
                .uploadId(uploadId)
                .multipartUpload(upload -> upload.parts(parts))
                .build();
    }

    static String range(long offset, int length) {
        return "bytes=" + offset + "-" + (offset + length - 1);
    }
}
