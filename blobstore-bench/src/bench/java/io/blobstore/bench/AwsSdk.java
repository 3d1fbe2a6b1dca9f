package io.blobstore.bench;

import static io.blobstore.bench.TransferSpec.BUCKET;

import io.netty.handler.ssl.SslProvider;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3BaseClientBuilder;
import software.amazon.awssdk.services.s3.S3CrtAsyncClientBuilder;
import software.amazon.awssdk.services.s3.model.ChecksumMode;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.HeadObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;

/** What the clients that use the AWS SDK share. */
final class AwsSdk {
    private AwsSdk() {}

    /** Configures a client for the server of a transfer. */
    static <B extends S3BaseClientBuilder<B, C>, C> B configure(TransferSpec spec, B builder) {
        return builder.endpointOverride(spec.endpoint())
                .region(Region.of(TransferSpec.REGION))
                .forcePathStyle(true);
    }

    /** Configures a client as {@link #configure} does, without checksums other than those that are passed to it. */
    static <B extends S3BaseClientBuilder<B, C>, C> B withoutChecksums(TransferSpec spec, B builder) {
        return configure(spec, builder)
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED);
    }

    /** Returns a builder of the client that runs on the CRT, with its default settings. */
    static S3CrtAsyncClientBuilder crtBuilder(TransferSpec spec) {
        return S3AsyncClient.crtBuilder()
                .endpointOverride(spec.endpoint())
                .region(Region.of(TransferSpec.REGION))
                .forcePathStyle(true);
    }

    /** Creates the client that runs on the CRT, with its default checksums. */
    static S3AsyncClient crtClient(TransferSpec spec) {
        return crtBuilder(spec)
                .minimumPartSizeInBytes((long) spec.partSize())
                .maxConcurrency(spec.concurrency())
                .build();
    }

    static SdkAsyncHttpClient nettyHttp(TransferSpec spec) {
        NettyNioAsyncHttpClient.Builder builder =
                NettyNioAsyncHttpClient.builder().maxConcurrency(spec.concurrency());
        switch (spec.transport()) {
            case HTTP -> {}
            case HTTPS -> builder.sslProvider(SslProvider.OPENSSL);
            case HTTPS_JDK -> builder.sslProvider(SslProvider.JDK);
        }
        return builder.build();
    }

    static CreateMultipartUploadRequest create(TransferSpec spec) {
        return CreateMultipartUploadRequest.builder()
                .bucket(BUCKET)
                .key(spec.key())
                .build();
    }

    /**
     * Returns a request to upload a part.
     *
     * @param crc32c the checksum as a header, so that the SDK adds no trailer; null for the client's own checksums
     */
    static UploadPartRequest uploadPart(
            TransferSpec spec, String uploadId, int index, ByteBuffer content, @Nullable String crc32c) {
        UploadPartRequest.Builder request =
                UploadPartRequest.builder().bucket(BUCKET).key(spec.key());
        request.uploadId(uploadId).partNumber(index + 1).contentLength((long) content.remaining());
        return request.checksumCRC32C(crc32c).build();
    }

    static CompleteMultipartUploadRequest complete(TransferSpec spec, String uploadId, List<String> etags) {
        List<CompletedPart> parts = new ArrayList<>();
        for (String etag : etags) {
            int number = parts.size() + 1;
            parts.add(CompletedPart.builder().partNumber(number).eTag(etag).build());
        }
        CompleteMultipartUploadRequest.Builder request = CompleteMultipartUploadRequest.builder();
        request.bucket(BUCKET).key(spec.key()).uploadId(uploadId);
        return request.multipartUpload(upload -> upload.parts(parts)).build();
    }

    /** Returns a request to upload the object as a whole; the checksum is as for {@link #uploadPart}. */
    static PutObjectRequest put(TransferSpec spec, @Nullable String crc32c) {
        PutObjectRequest.Builder request =
                PutObjectRequest.builder().bucket(BUCKET).key(spec.key());
        return request.checksumCRC32C(crc32c).build();
    }

    /** Returns a request for a range of the object, or for the whole object if the range is null. */
    static GetObjectRequest get(TransferSpec spec, @Nullable String range) {
        return GetObjectRequest.builder()
                .bucket(BUCKET)
                .key(spec.key())
                .range(range)
                .build();
    }

    /** Returns a request for the checksum of the object. */
    static HeadObjectRequest head(TransferSpec spec) {
        HeadObjectRequest.Builder request =
                HeadObjectRequest.builder().bucket(BUCKET).key(spec.key());
        return request.checksumMode(ChecksumMode.ENABLED).build();
    }
}
