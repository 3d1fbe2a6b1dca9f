package io.blobstore.bench;

import java.io.IOException;
import java.nio.file.Path;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.services.s3.S3AsyncClient;

/**
 * The AWS SDK's asynchronous client as one gets it: one request for the whole object, from or to the file by its name,
 * whatever the job says of parts. It computes CRC32 of what it sends, and of what it reads it verifies nothing but what
 * {@link SyncDefaultClient} does.
 */
final class AsyncDefaultClient implements BenchmarkClient {
    private final TransferSpec job;
    private final S3AsyncClient client;

    AsyncDefaultClient(TransferSpec job) {
        this.job = job;
        this.client = AwsSdk.at(job, S3AsyncClient.builder())
                .httpClientBuilder(NettyNioAsyncHttpClient.builder()) // there is more than one on the class path
                .build();
    }

    @Override
    public void round() throws IOException {
        switch (job.scenario().direction) {
            case UPLOAD ->
                client.putObject(
                                r -> r.bucket(TransferSpec.BUCKET).key(job.key()),
                                AsyncRequestBody.fromFile(job.file()))
                        .join();
            case DOWNLOAD -> {
                Path file = job.newFile();
                client.getObject(
                                r -> r.bucket(TransferSpec.BUCKET).key(job.key()),
                                AsyncResponseTransformer.toFile(file))
                        .join();
            }
            default -> throw new UnsupportedOperationException("the client does not know " + job.scenario());
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
