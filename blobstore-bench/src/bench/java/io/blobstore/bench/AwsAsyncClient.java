package io.blobstore.bench;

import io.blobstore.Crc32c;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;

/** The AWS SDK's asynchronous client, part by part, with the settings that copy least. */
final class AwsAsyncClient extends PartwiseClient {
    private final S3AsyncClient client;
    /** Whether checksums are passed to the client; otherwise it computes them. */
    private final boolean passesChecksums;

    private AwsAsyncClient(TransferSpec spec, S3AsyncClient client, boolean passesChecksums) throws IOException {
        super(spec);
        this.client = client;
        this.passesChecksums = passesChecksums;
    }

    static BenchmarkClient netty(TransferSpec spec) throws IOException {
        S3AsyncClient client = AwsSdk.withoutChecksums(spec, S3AsyncClient.builder())
                .httpClient(AwsSdk.nettyHttp(spec))
                .build();
        return new AwsAsyncClient(spec, client, true);
    }

    static BenchmarkClient crt(TransferSpec spec) throws IOException {
        return new AwsAsyncClient(spec, AwsSdk.crtClient(spec), false);
    }

    private @Nullable String checksumOf(ByteBuffer content) {
        return passesChecksums ? Crc32c.of(content).base64() : null;
    }

    @Override
    String create() {
        return client.createMultipartUpload(AwsSdk.create(spec)).join().uploadId();
    }

    @Override
    String uploadPart(String uploadId, int index, long offset, ByteBuffer content) {
        UploadPartRequest request = AwsSdk.uploadPart(spec, uploadId, index, content, checksumOf(content));
        AsyncRequestBody body = AsyncRequestBody.fromByteBuffersUnsafe(content);
        return client.uploadPart(request, body).join().eTag();
    }

    @Override
    void complete(String uploadId, List<String> etags) {
        client.completeMultipartUpload(AwsSdk.complete(spec, uploadId, etags)).join();
    }

    @Override
    Crc32c read(long offset, ByteBuffer target) {
        GetObjectRequest request = AwsSdk.get(spec, TransferSpec.range(offset, target.remaining()));
        client.getObject(request, AsyncResponseTransformer.toPublisher())
                .thenCompose(content -> content.subscribe(target.duplicate()::put))
                .join();
        return Crc32c.of(target);
    }

    @Override
    String checksum() {
        return client.headObject(AwsSdk.head(spec)).join().checksumCRC32C();
    }

    @Override
    public void put(ByteBuffer content) {
        AsyncRequestBody body = AsyncRequestBody.fromRemainingByteBufferUnsafe(content);
        client.putObject(AwsSdk.put(spec, checksumOf(content)), body).join();
    }

    @Override
    public void get(ByteBuffer target) {
        target.put(client.getObject(AwsSdk.get(spec, null), AsyncResponseTransformer.toBytes())
                .join()
                .asByteBuffer());
    }

    @Override
    public void close() throws Exception {
        super.close();
        client.close();
    }
}
