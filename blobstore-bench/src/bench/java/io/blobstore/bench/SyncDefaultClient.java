package io.blobstore.bench;

import io.blobstore.Crc32c;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumMode;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;

/**
 * The AWS SDK's blocking client as one gets it: one request for the whole object, from or to the file by its name,
 * whatever the job says of parts. It computes CRC32 of what it sends. To verify what it reads it asks for an MD5 behind
 * the content, which our server does not append: its reads cost less here than from S3.
 */
final class SyncDefaultClient implements BenchmarkClient {
    private static final int COPY = 64 * 1024;

    private final TransferSpec job;
    private final S3Client client;
    /** Where to read to. An upload's file is warm by it, as everybody's. */
    private final WarmMapping memory;

    SyncDefaultClient(TransferSpec job) throws IOException {
        this.job = job;
        this.memory = job.isUpload() ? WarmMapping.forReading(job.file()) : WarmMapping.forWriting(job.file());
        this.client = AwsSdk.at(job, S3Client.builder())
                .httpClientBuilder(Apache5HttpClient.builder()) // there is more than one on the class path
                .build();
    }

    @Override
    public void round() throws IOException {
        switch (job.scenario().direction) {
            case UPLOAD ->
                client.putObject(r -> r.bucket(TransferSpec.BUCKET).key(job.key()), RequestBody.fromFile(job.file()));
            case READ -> read();
            case DOWNLOAD -> {
                Path file = job.newFile();
                client.getObject(request(), file);
            }
            default -> throw new UnsupportedOperationException("the client does not know " + job.scenario());
        }
    }

    private void read() throws IOException {
        byte[] copy = new byte[COPY];
        ByteBuffer target = memory.whole();
        try (InputStream content = client.getObject(request())) {
            for (int count = content.read(copy); count >= 0; count = content.read(copy)) {
                target.put(copy, 0, count);
            }
        }
        if (target.hasRemaining()) {
            throw new EOFException("the response ended early");
        }
        PartChecksums checksum = new PartChecksums(memory.size(), Math.toIntExact(memory.size()));
        checksum.set(0, Crc32c.of(target.flip()));
        checksum.require(client.headObject(
                        r -> r.bucket(TransferSpec.BUCKET).key(job.key()).checksumMode(ChecksumMode.ENABLED))
                .checksumCRC32C());
    }

    private GetObjectRequest request() {
        return GetObjectRequest.builder()
                .bucket(TransferSpec.BUCKET)
                .key(job.key())
                .build();
    }

    @Override
    public void close() {
        client.close();
    }
}
