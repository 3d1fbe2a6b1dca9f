package io.blobstore.bench;

import io.blobstore.Crc32c;
import java.io.IOException;
import java.nio.ByteBuffer;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * The AWS SDK's blocking client with default settings: one request for the whole object, from or to a file. It computes
 * CRC32 of what it sends. To verify what it reads, it requests a trailing MD5, which the server does not send: its
 * reads cost less here than from S3.
 */
final class SyncDefaultClient implements BenchmarkClient {
    private final TransferSpec spec;
    private final S3Client client;
    /** The target of reads; for uploads, it makes the file's pages present as for all clients. */
    private final ByteBuffer memory;

    SyncDefaultClient(TransferSpec spec) throws IOException {
        spec.require("is not measured with this", Operation.UPLOAD, Operation.READ, Operation.DOWNLOAD);
        this.spec = spec;
        this.memory = WarmMapping.of(spec);
        this.client = AwsSdk.configure(spec, S3Client.builder())
                .httpClientBuilder(Apache5HttpClient.builder()) // the class path has several HTTP clients
                .build();
    }

    @Override
    public void round() throws IOException {
        switch (spec.operation()) {
            case UPLOAD ->
                client.putObject(r -> r.bucket(TransferSpec.BUCKET).key(spec.key()), RequestBody.fromFile(spec.file()));
            case READ -> {
                ByteBuffer target = memory.duplicate();
                SyncClient.readFully(client, AwsSdk.get(spec), target, new byte[64 * 1024]);
                PartwiseClient.require(Crc32c.of(target.flip()), SyncClient.checksum(client, spec));
            }
            default -> client.getObject(AwsSdk.get(spec), spec.newFile());
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
