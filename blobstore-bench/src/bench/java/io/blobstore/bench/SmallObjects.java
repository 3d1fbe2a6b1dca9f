package io.blobstore.bench;

import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.Storage;
import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.ByteRange;
import io.blobstore.bench.Scenario.Direction;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * Small objects, each moved by one request, by a client in this JVM, from and to a server in another. The content is outside the heap,
 * as in a mapping. Thread-safe.
 */
public final class SmallObjects implements AutoCloseable {
    private final Laboratory laboratory;
    private final Moves moves;
    private final ByteBuffer content;

    private SmallObjects(Laboratory laboratory, Moves moves, int bytes) {
        this.laboratory = laboratory;
        this.moves = moves;
        this.content = ByteBuffer.allocateDirect(bytes);
    }

    /** What a client does with small objects. */
    private interface Moves extends AutoCloseable {
        void put(ByteBuffer content) throws Exception;

        void get(ByteBuffer target) throws Exception;
    }

    /**
     * Starts server and client.
     *
     * @param client the name of a {@link Competitor}
     * @param bytes of an object
     * @param connections at most
     * @param encrypted as of {@link Trial#start}
     */
    public static SmallObjects start(String client, int bytes, int connections, boolean encrypted) throws Exception {
        Laboratory laboratory = new Laboratory(Workspace.parent(Optional.empty(), bytes), bytes, Conditions.NONE);
        try {
            Competitor competitor = Competitor.valueOf(client);
            Job job = laboratory.job(competitor, Scenario.of(Direction.READ, encrypted), bytes, connections);
            laboratory.clientProperties(job).forEach(System::setProperty);
            return new SmallObjects(laboratory, moves(competitor, job), bytes);
        } catch (Throwable e) {
            laboratory.close();
            throw e;
        }
    }

    private static Moves moves(Competitor competitor, Job job) throws Exception {
        return switch (competitor) {
            case BLOBSTORE -> new OfStore(BlobKey.of(job.key()), BlobstoreContestant.s3Store(job));
            case GCS_BLOBSTORE -> new OfStore(BlobKey.of(job.key()), BlobstoreContestant.gcsStore(job));
            case HAND_ROLLED -> new OfLoop(job, new LoopConnections(job));
            case GCS_STORAGE ->
                new OfStorage(
                        BlobId.of(Job.BUCKET, job.key()), GoogleSdk.options(job).getService());
            case APACHE_SYNC ->
                new OfSyncClient(job.key(), SyncClientContestant.client(job, SyncClientContestant.apacheHttp(job)));
            case NETTY_ASYNC -> new OfAsyncClient(job.key(), AsyncClientContestant.nettyClient(job));
            case CRT_ASYNC -> new OfAsyncClient(job.key(), AsyncClientContestant.crtClient(job));
            default -> throw new BenchmarkException(competitor.title + " moves no small objects");
        };
    }

    /** Stores one. */
    public void put() throws Exception {
        moves.put(content.duplicate());
    }

    /**
     * Reads one.
     *
     * @param target has just the room for it
     */
    public void get(ByteBuffer target) throws Exception {
        moves.get(target);
    }

    @Override
    public void close() throws Exception {
        try (laboratory) {
            moves.close();
        }
    }

    private record OfStore(BlobKey key, BlobStore store) implements Moves {
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

    /** It looks at the checksum of what it reads, which nobody sends it to compare. */
    private record OfLoop(Job job, LoopConnections connections) implements Moves {
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

    private record OfStorage(BlobId id, Storage storage) implements Moves {
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

    private record OfSyncClient(String key, S3Client client) implements Moves {
        @Override
        public void put(ByteBuffer content) {
            client.putObject(r -> r.bucket(Job.BUCKET).key(key), RequestBody.fromRemainingByteBuffer(content));
        }

        @Override
        public void get(ByteBuffer target) {
            target.put(
                    client.getObjectAsBytes(r -> r.bucket(Job.BUCKET).key(key)).asByteBuffer());
        }

        @Override
        public void close() {
            client.close();
        }
    }

    private record OfAsyncClient(String key, S3AsyncClient client) implements Moves {
        @Override
        public void put(ByteBuffer content) {
            client.putObject(
                            r -> r.bucket(Job.BUCKET).key(key), AsyncRequestBody.fromRemainingByteBufferUnsafe(content))
                    .join();
        }

        @Override
        public void get(ByteBuffer target) {
            target.put(client.getObject(r -> r.bucket(Job.BUCKET).key(key), AsyncResponseTransformer.toBytes())
                    .join()
                    .asByteBuffer());
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
