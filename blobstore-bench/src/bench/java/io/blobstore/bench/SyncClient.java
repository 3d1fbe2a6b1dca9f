package io.blobstore.bench;

import io.blobstore.Crc32c;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.List;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumMode;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;

/** The AWS SDK's blocking client over Apache, part by part; it copies each part to the heap. */
final class SyncClient extends PartwiseClient {
    private static final int COPY = 64 * 1024;

    private final ThreadLocal<byte[]> copies = ThreadLocal.withInitial(() -> new byte[COPY]);
    private final S3Client client;

    SyncClient(TransferSpec spec) throws IOException {
        super(spec);
        this.client = AwsSdk.withoutChecksums(spec, S3Client.builder())
                .httpClient(Apache5HttpClient.builder()
                        .maxConnections(spec.concurrency())
                        .build())
                .build();
    }

    @Override
    String create() {
        return client.createMultipartUpload(r -> r.bucket(TransferSpec.BUCKET).key(spec.key()))
                .uploadId();
    }

    @Override
    String uploadPart(String uploadId, int index, long offset, ByteBuffer content) {
        UploadPartRequest request = AwsSdk.uploadPart(spec, uploadId, index, content, true);
        return client.uploadPart(request, RequestBody.fromRemainingByteBuffer(content))
                .eTag();
    }

    @Override
    void complete(String uploadId, List<String> etags) {
        client.completeMultipartUpload(AwsSdk.complete(spec, uploadId, etags));
    }

    @Override
    Crc32c read(long offset, ByteBuffer target) throws IOException {
        String range = TransferSpec.range(offset, target.remaining());
        readFully(client, AwsSdk.get(spec).toBuilder().range(range).build(), target, copies.get());
        return Crc32c.of(target.flip());
    }

    /** Reads a response until the target is full. */
    static void readFully(S3Client client, GetObjectRequest request, ByteBuffer target, byte[] copy)
            throws IOException {
        try (InputStream content = client.getObject(request)) {
            while (target.hasRemaining()) {
                int count = content.read(copy);
                if (count < 0) {
                    throw new EOFException("the response ended early");
                }
                target.put(copy, 0, count);
            }
        }
    }

    @Override
    String checksum() {
        return checksum(client, spec);
    }

    static String checksum(S3Client client, TransferSpec spec) {
        return client.headObject(
                        r -> r.bucket(TransferSpec.BUCKET).key(spec.key()).checksumMode(ChecksumMode.ENABLED))
                .checksumCRC32C();
    }

    @Override
    public void put(ByteBuffer content) {
        client.putObject(
                r -> r.bucket(TransferSpec.BUCKET)
                        .key(spec.key())
                        .checksumCRC32C(Crc32c.of(content).base64()),
                RequestBody.fromRemainingByteBuffer(content));
    }

    @Override
    public void get(ByteBuffer target) {
        target.put(client.getObjectAsBytes(AwsSdk.get(spec)).asByteBuffer());
    }

    @Override
    public void close() throws Exception {
        super.close();
        client.close();
    }
}
