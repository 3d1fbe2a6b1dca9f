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
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;

/**
 * The AWS SDK's blocking client over Apache: part by part, when it copies each part to the heap, or with default
 * settings, which is one request for the whole object, from or to a file. By default it computes CRC32 of what it
 * sends. To verify what it reads, it requests a trailing MD5, which the server does not send: its reads cost less here
 * than from S3.
 */
final class AwsSyncClient extends PartwiseClient {
    private static final int COPY = 64 * 1024;

    private final ThreadLocal<byte[]> copies = ThreadLocal.withInitial(() -> new byte[COPY]);
    private final S3Client client;
    private final boolean byDefault;

    private AwsSyncClient(TransferSpec spec, S3Client client, boolean byDefault) throws IOException {
        super(spec);
        this.client = client;
        this.byDefault = byDefault;
    }

    static BenchmarkClient inParts(TransferSpec spec) throws IOException {
        Apache5HttpClient.Builder http = Apache5HttpClient.builder().maxConnections(spec.concurrency());
        S3Client client = AwsSdk.withoutChecksums(spec, S3Client.builder())
                .httpClient(http.build())
                .build();
        return new AwsSyncClient(spec, client, false);
    }

    static BenchmarkClient byDefault(TransferSpec spec) throws IOException {
        S3Client client = AwsSdk.configure(spec, S3Client.builder())
                .httpClientBuilder(Apache5HttpClient.builder()) // the class path has several HTTP clients
                .build();
        return new AwsSyncClient(spec, client, true);
    }

    @Override
    public void round() throws Exception {
        if (!byDefault) {
            super.round();
            return;
        }
        switch (spec.operation()) {
            case UPLOAD -> client.putObject(AwsSdk.put(spec, null), RequestBody.fromFile(spec.file()));
            case READ -> {
                ByteBuffer target = memory.duplicate();
                readFully(AwsSdk.get(spec, null), target);
                require(Crc32c.of(target.flip()), checksum());
            }
            default -> client.getObject(AwsSdk.get(spec, null), spec.newFile());
        }
    }

    @Override
    String create() {
        return client.createMultipartUpload(AwsSdk.create(spec)).uploadId();
    }

    @Override
    String uploadPart(String uploadId, int index, long offset, ByteBuffer content) {
        String crc32c = Crc32c.of(content).base64();
        UploadPartRequest request = AwsSdk.uploadPart(spec, uploadId, index, content, crc32c);
        return client.uploadPart(request, RequestBody.fromRemainingByteBuffer(content))
                .eTag();
    }

    @Override
    void complete(String uploadId, List<String> etags) {
        client.completeMultipartUpload(AwsSdk.complete(spec, uploadId, etags));
    }

    @Override
    Crc32c read(long offset, ByteBuffer target) throws IOException {
        readFully(AwsSdk.get(spec, TransferSpec.range(offset, target.remaining())), target);
        return Crc32c.of(target.flip());
    }

    private void readFully(GetObjectRequest request, ByteBuffer target) throws IOException {
        byte[] copy = copies.get();
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
        return client.headObject(AwsSdk.head(spec)).checksumCRC32C();
    }

    @Override
    public void put(ByteBuffer content) {
        String crc32c = Crc32c.of(content).base64();
        client.putObject(AwsSdk.put(spec, crc32c), RequestBody.fromRemainingByteBuffer(content));
    }

    @Override
    public void get(ByteBuffer target) {
        target.put(client.getObjectAsBytes(AwsSdk.get(spec, null)).asByteBuffer());
    }

    @Override
    public void close() throws Exception {
        super.close();
        client.close();
    }
}
