package io.blobstore.bench;

import io.blobstore.Crc32c;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.model.ChecksumMode;

/** The AWS SDK's asynchronous client, part by part, with the settings that copy least. */
final class AsyncClient extends PartwiseClient {
    private final S3AsyncClient client;
    /** Whether checksums are passed to the client; otherwise it computes them. */
    private final boolean passesChecksums;

    private AsyncClient(TransferSpec spec, S3AsyncClient client, boolean passesChecksums) throws IOException {
        super(spec);
        this.client = client;
        this.passesChecksums = passesChecksums;
    }

    static BenchmarkClient netty(TransferSpec spec) throws IOException {
        S3AsyncClient client = AwsSdk.withoutChecksums(spec, S3AsyncClient.builder())
                .httpClient(AwsSdk.nettyHttp(spec))
                .build();
        return new AsyncClient(spec, client, true);
    }

    static BenchmarkClient crt(TransferSpec spec) throws IOException {
        return new AsyncClient(spec, AwsSdk.crtClient(spec), false);
    }

    @Override
    String create() {
        return client.createMultipartUpload(r -> r.bucket(TransferSpec.BUCKET).key(spec.key()))
                .join()
                .uploadId();
    }

    @Override
    String uploadPart(String uploadId, int index, long offset, ByteBuffer content) {
        return client.uploadPart(
                        AwsSdk.uploadPart(spec, uploadId, index, content, passesChecksums),
                        AsyncRequestBody.fromByteBuffersUnsafe(content))
                .join()
                .eTag();
    }

    @Override
    void complete(String uploadId, List<String> etags) {
        client.completeMultipartUpload(AwsSdk.complete(spec, uploadId, etags)).join();
    }

    @Override
    Crc32c read(long offset, ByteBuffer target) {
        String range = TransferSpec.range(offset, target.remaining());
        client.getObject(AwsSdk.get(spec).toBuilder().range(range).build(), AsyncResponseTransformer.toPublisher())
                .thenCompose(content -> content.subscribe(target.duplicate()::put))
                .join();
        return Crc32c.of(target);
    }

    @Override
    String checksum() {
        return client.headObject(
                        r -> r.bucket(TransferSpec.BUCKET).key(spec.key()).checksumMode(ChecksumMode.ENABLED))
                .join()
                .checksumCRC32C();
    }

    @Override
    public void put(ByteBuffer content) {
        client.putObject(
                        r -> r.bucket(TransferSpec.BUCKET)
                                .key(spec.key())
                                .checksumCRC32C(
                                        passesChecksums ? Crc32c.of(content).base64() : null),
                        AsyncRequestBody.fromRemainingByteBufferUnsafe(content))
                .join();
    }

    @Override
    public void get(ByteBuffer target) {
        target.put(client.getObject(AwsSdk.get(spec), AsyncResponseTransformer.toBytes())
                .join()
                .asByteBuffer());
    }

    @Override
    public void close() throws Exception {
        super.close();
        client.close();
    }
}
