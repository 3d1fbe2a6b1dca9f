package io.blobstore.bench;

import io.blobstore.Crc32c;
import io.netty.handler.ssl.SslProvider;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3BaseClientBuilder;
import software.amazon.awssdk.services.s3.S3CrtAsyncClientBuilder;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
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

    /** Returns a request with the checksum as a header, so that the SDK adds no trailer. */
    static UploadPartRequest uploadPart(
            TransferSpec spec, String uploadId, int index, ByteBuffer content, boolean withChecksum) {
        UploadPartRequest.Builder request = UploadPartRequest.builder()
                .bucket(TransferSpec.BUCKET)
                .key(spec.key())
                .uploadId(uploadId)
                .partNumber(index + 1)
                .contentLength((long) content.remaining());
        if (withChecksum) {
            request.checksumCRC32C(Crc32c.of(content).base64());
        }
        return request.build();
    }

    static CompleteMultipartUploadRequest complete(TransferSpec spec, String uploadId, List<String> etags) {
        List<CompletedPart> parts = new ArrayList<>();
        for (String etag : etags) {
            parts.add(CompletedPart.builder()
                    .partNumber(parts.size() + 1)
                    .eTag(etag)
                    .build());
        }
        return CompleteMultipartUploadRequest.builder()
                .bucket(TransferSpec.BUCKET)
                .key(spec.key())
                .uploadId(uploadId)
                .multipartUpload(upload -> upload.parts(parts))
                .build();
    }

    static GetObjectRequest get(TransferSpec spec) {
        return GetObjectRequest.builder()
                .bucket(TransferSpec.BUCKET)
                .key(spec.key())
                .build();
    }
}
