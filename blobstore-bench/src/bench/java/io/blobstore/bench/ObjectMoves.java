package io.blobstore.bench;

import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.Storage;
import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import java.io.IOException;
import java.nio.ByteBuffer;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;

/** What a client does with small objects, each by one request. Thread-safe. */
interface ObjectMoves extends AutoCloseable {
    /** Stores one. */
    void put(ByteBuffer content) throws Exception;

    /** Reads one into memory that has just the room for it. */
    void get(ByteBuffer target) throws Exception;

    /** Opens a client. */
    static ObjectMoves of(Competitor competitor, TransferSpec job) throws Exception {
        return switch (competitor) {
            case BLOBSTORE -> new OfStore(BlobKey.of(job.key()), BlobstoreClient.s3Store(job));
            case GCS_BLOBSTORE -> new OfStore(BlobKey.of(job.key()), BlobstoreClient.gcsStore(job));
            case HAND_ROLLED -> new OfLoop(job, new LoopConnections(job));
            case GCS_STORAGE ->
                new OfStorage(
                        BlobId.of(TransferSpec.BUCKET, job.key()),
                        GoogleSdk.options(job).getService());
            case APACHE_SYNC -> new OfSyncClient(job.key(), SyncClient.client(job, SyncClient.apacheHttp(job)));
            case NETTY_ASYNC -> new OfAsyncClient(job.key(), AsyncClient.nettyClient(job), false);
            case CRT_ASYNC -> new OfAsyncClient(job.key(), AsyncClient.crtClient(job), true);
            default -> throw new BenchmarkException(competitor.title + " moves no small objects");
        };
    }

    /** This library. */
    record OfStore(BlobKey key, BlobStore store) implements ObjectMoves {
        @Override
        public void put(ByteBuffer content) throws IOException {
            store.store(key, content);
        }

        @Override
        public void get(ByteBuffer target) throws IOException {
            store.read(key, ByteRange.all(), target);
        }

        @Override
        public void close() throws IOException {
            store.close();
        }
    }

    /** The loop by hand. It looks at the checksum of what it reads, which nobody sends it to compare. */
    record OfLoop(TransferSpec job, LoopConnections connections) implements ObjectMoves {
        @Override
        public void put(ByteBuffer content) throws Exception {
            connections.with(connection ->
                    connection.exchange("PUT " + S3Requests.object(job), S3Requests.checksum(content), content));
        }

        @Override
        public void get(ByteBuffer target) throws Exception {
            connections.with(connection ->
                    connection.get("GET " + S3Requests.object(job), AwsSdk.range(0, target.capacity()), target));
        }

        @Override
        public void close() throws IOException {
            connections.close();
        }
    }

    /** Google's client. */
    record OfStorage(BlobId id, Storage storage) implements ObjectMoves {
        @Override
        public void put(ByteBuffer content) {
            byte[] copy = new byte[content.remaining()]; // it takes nothing else in a single request
            content.get(copy);
            // It would compress what it sends, and our server decodes nothing.
            storage.create(BlobInfo.newBuilder(id).build(), copy, Storage.BlobTargetOption.disableGzipContent());
        }

        @Override
        public void get(ByteBuffer target) {
            target.put(storage.readAllBytes(id));
        }

        @Override
        public void close() throws Exception {
            storage.close();
        }
    }

    /** The AWS SDK's blocking client. */
    record OfSyncClient(String key, S3Client client) implements ObjectMoves {
        @Override
        public void put(ByteBuffer content) {
            client.putObject(
                    r -> r.bucket(TransferSpec.BUCKET)
                            .key(key)
                            .checksumCRC32C(Crc32c.of(content).base64()),
                    RequestBody.fromRemainingByteBuffer(content));
        }

        @Override
        public void get(ByteBuffer target) {
            target.put(
                    client.getObjectAsBytes(r -> r.bucket(TransferSpec.BUCKET).key(key))
                            .asByteBuffer());
        }

        @Override
        public void close() {
            client.close();
        }
    }

    /** The AWS SDK's asynchronous client. */
    record OfAsyncClient(String key, S3AsyncClient client, boolean computesChecksums) implements ObjectMoves {
        @Override
        public void put(ByteBuffer content) {
            client.putObject(
                            r -> {
                                r.bucket(TransferSpec.BUCKET).key(key);
                                if (!computesChecksums) {
                                    r.checksumCRC32C(Crc32c.of(content).base64());
                                }
                            },
                            AsyncRequestBody.fromRemainingByteBufferUnsafe(content))
                    .join();
        }

        @Override
        public void get(ByteBuffer target) {
            target.put(client.getObject(r -> r.bucket(TransferSpec.BUCKET).key(key), AsyncResponseTransformer.toBytes())
                    .join()
                    .asByteBuffer());
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
