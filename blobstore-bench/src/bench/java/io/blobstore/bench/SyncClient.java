package io.blobstore.bench;

import io.blobstore.Crc32c;
import java.io.EOFException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumMode;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/** The AWS SDK's blocking client, part by part, with a stream over the mapped slice. */
final class SyncClient implements BenchmarkClient {
    private static final int COPY = 64 * 1024;

    private final TransferSpec job;
    private final S3Client client;
    private final PartWorkers workers;
    private final WarmMapping memory;

    private SyncClient(TransferSpec job, SdkHttpClient http) throws Exception {
        this.job = job;
        this.client = client(job, http);
        this.workers = new PartWorkers(job.concurrency());
        this.memory = job.isUpload() ? WarmMapping.forReading(job.file()) : WarmMapping.forWriting(job.file());
    }

    static BenchmarkClient apache(TransferSpec job) throws Exception {
        return new SyncClient(job, apacheHttp(job));
    }

    /** The SDK's Apache client. */
    static SdkHttpClient apacheHttp(TransferSpec job) {
        return Apache5HttpClient.builder().maxConnections(job.concurrency()).build();
    }

    /** The blocking client, which adds no checksum of its own. */
    static S3Client client(TransferSpec job, SdkHttpClient http) {
        return AwsSdk.at(job, S3Client.builder())
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                .httpClient(http)
                .build();
    }

    static BenchmarkClient urlConnection(TransferSpec job) throws Exception {
        return new SyncClient(job, UrlConnectionHttpClient.create());
    }

    @Override
    public void round() throws Exception {
        if (job.isUpload()) {
            upload();
        } else {
            read();
        }
    }

    private void upload() throws Exception {
        String uploadId = client.createMultipartUpload(
                        r -> r.bucket(TransferSpec.BUCKET).key(job.key()))
                .uploadId();
        String[] etags = new String[PartWorkers.parts(memory.size(), job.partSize())];
        workers.forEachPart(memory.size(), job.partSize(), (index, offset, length) -> {
            ByteBuffer slice = memory.slice(offset, length);
            ContentStreamProvider content = () -> new BufferStream(slice.duplicate());
            RequestBody body = RequestBody.fromContentProvider(content, length, "application/octet-stream");
            etags[index] = client.uploadPart(AwsSdk.uploadPart(job, uploadId, index, slice), body)
                    .eTag();
        });
        client.completeMultipartUpload(AwsSdk.complete(job, uploadId, etags));
    }

    private void read() throws Exception {
        PartChecksums checksums = new PartChecksums(memory.size(), job.partSize());
        ThreadLocal<byte[]> copies = ThreadLocal.withInitial(() -> new byte[COPY]);
        workers.forEachPart(memory.size(), job.partSize(), (index, offset, length) -> {
            ByteBuffer slice = memory.slice(offset, length);
            byte[] copy = copies.get();
            try (ResponseInputStream<GetObjectResponse> content = client.getObject(
                    r -> r.bucket(TransferSpec.BUCKET).key(job.key()).range(AwsSdk.range(offset, length)))) {
                while (slice.hasRemaining()) {
                    int count = content.read(copy);
                    if (count < 0) {
                        throw new EOFException("the response ended early");
                    }
                    slice.put(copy, 0, count);
                }
            }
            checksums.set(index, Crc32c.of(slice.flip()));
        });
        checksums.require(client.headObject(
                        r -> r.bucket(TransferSpec.BUCKET).key(job.key()).checksumMode(ChecksumMode.ENABLED))
                .checksumCRC32C());
    }

    @Override
    public void close() {
        workers.close();
        client.close();
    }

    /**
     * A stream of a buffer's remaining bytes that can be read again, and that gives as much at once as it is asked for.
     */
    private static final class BufferStream extends InputStream {
        private final ByteBuffer content;

        BufferStream(ByteBuffer content) {
            this.content = content;
        }

        @Override
        public int read() {
            return content.hasRemaining() ? content.get() & 0xFF : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            if (!content.hasRemaining()) {
                return length == 0 ? 0 : -1;
            }
            int count = Math.min(length, content.remaining());
            content.get(target, offset, count);
            return count;
        }

        @Override
        public int available() {
            return content.remaining();
        }

        @Override
        public boolean markSupported() {
            return true;
        }

        @Override
        public void mark(int readLimit) {
            content.mark();
        }

        @Override
        public void reset() {
            content.reset();
        }
    }
}
