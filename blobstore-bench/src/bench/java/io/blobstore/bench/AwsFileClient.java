package io.blobstore.bench;

import java.io.IOException;
import java.nio.file.Path;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.transfer.s3.S3TransferManager;

/** The AWS SDK's transfer manager, which uploads or downloads a file, with its default checksums. */
final class AwsFileClient implements BenchmarkClient {
    private final TransferSpec spec;
    private final S3AsyncClient client;
    private final S3TransferManager manager;

    private AwsFileClient(TransferSpec spec, S3AsyncClient client) {
        this.spec = spec;
        this.client = client;
        this.manager = S3TransferManager.builder().s3Client(client).build();
    }

    static BenchmarkClient crt(TransferSpec spec) {
        return new AwsFileClient(spec, AwsSdk.crtClient(spec));
    }

    static BenchmarkClient netty(TransferSpec spec) {
        S3AsyncClient client = AwsSdk.configure(spec, S3AsyncClient.builder())
                .multipartEnabled(true)
                .multipartConfiguration(parts -> parts.minimumPartSizeInBytes((long) spec.partSize())
                        .thresholdInBytes((long) spec.partSize())
                        .apiCallBufferSizeInBytes((long) spec.partSize() * spec.concurrency()))
                .httpClient(AwsSdk.nettyHttp(spec))
                .build();
        return new AwsFileClient(spec, client);
    }

    /** Creates a client with default settings; part size and concurrency of the transfer are ignored. */
    static BenchmarkClient crtDefault(TransferSpec spec) {
        return new AwsFileClient(spec, AwsSdk.crtBuilder(spec).build());
    }

    /** Creates a client with the default settings of a class path without the CRT. */
    static BenchmarkClient nettyDefault(TransferSpec spec) {
        S3AsyncClient client = AwsSdk.configure(spec, S3AsyncClient.builder())
                .multipartEnabled(true)
                .httpClientBuilder(NettyNioAsyncHttpClient.builder())
                .build();
        return new AwsFileClient(spec, client);
    }

    @Override
    public void round() throws IOException {
        if (spec.isUpload()) {
            manager.uploadFile(upload -> upload.source(spec.file()).putObjectRequest(AwsSdk.put(spec, null)))
                    .completionFuture()
                    .join();
        } else {
            Path file = spec.newFile();
            manager.downloadFile(download -> download.destination(file).getObjectRequest(AwsSdk.get(spec, null)))
                    .completionFuture()
                    .join();
        }
    }

    @Override
    public void close() {
        manager.close();
        client.close();
    }
}
