package io.blobstore.bench;

import java.io.IOException;
import java.nio.file.Path;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.transfer.s3.S3TransferManager;

/**
 * The AWS SDK's transfer manager, which uploads the file by its name, or downloads to it, with its default checksums.
 */
final class TransferManagerClient implements BenchmarkClient {
    private final TransferSpec job;
    private final S3AsyncClient client;
    private final S3TransferManager manager;

    private TransferManagerClient(TransferSpec job, S3AsyncClient client) {
        this.job = job;
        this.client = client;
        this.manager = S3TransferManager.builder().s3Client(client).build();
    }

    static BenchmarkClient crt(TransferSpec job) {
        return new TransferManagerClient(job, AsyncClient.crtClient(job));
    }

    static BenchmarkClient netty(TransferSpec job) {
        S3AsyncClient client = AwsSdk.at(job, S3AsyncClient.builder())
                .multipartEnabled(true)
                .multipartConfiguration(parts -> parts.minimumPartSizeInBytes((long) job.partSize())
                        .thresholdInBytes((long) job.partSize())
                        .apiCallBufferSizeInBytes((long) job.partSize() * job.concurrency()))
                .httpClient(AsyncClient.nettyHttp(job))
                .build();
        return new TransferManagerClient(job, client);
    }

    /** As one gets it: whatever the job says of parts and how many at once, it is not told. */
    static BenchmarkClient crtDefault(TransferSpec job) {
        S3AsyncClient client = AwsSdk.crtBuilder(job).build();
        return new TransferManagerClient(job, client);
    }

    /** As one gets it where there is no CRT; which is what the manager itself would make. */
    static BenchmarkClient nettyDefault(TransferSpec job) {
        S3AsyncClient client = AwsSdk.at(job, S3AsyncClient.builder())
                .multipartEnabled(true)
                .httpClientBuilder(NettyNioAsyncHttpClient.builder())
                .build();
        return new TransferManagerClient(job, client);
    }

    @Override
    public void round() throws IOException {
        if (job.isUpload()) {
            upload();
        } else {
            download();
        }
    }

    private void upload() {
        manager.uploadFile(upload -> upload.source(job.file())
                        .putObjectRequest(r -> r.bucket(TransferSpec.BUCKET).key(job.key())))
                .completionFuture()
                .join();
    }

    private void download() throws IOException {
        Path file = job.newFile();
        manager.downloadFile(download -> download.destination(file)
                        .getObjectRequest(r -> r.bucket(TransferSpec.BUCKET).key(job.key())))
                .completionFuture()
                .join();
    }

    @Override
    public void close() {
        manager.close();
        client.close();
    }
}
