package io.blobstore.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.Operation;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.cache.WriteBackOptions;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.server.RawClient.Response;
import io.blobstore.server.ServerFixture.Content;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a server fetches from a bucket, and uploads to it. */
@ExtendWith(LeakCheck.class)
class RemoteTierTest {
    private static final int MIB = ServerFixture.MIB;

    @TempDir
    Path directory;

    /** A bucket that counts, fails or hangs. */
    private static final class Bucket extends ForwardingBlobStore {
        final List<BlobKey> heads = new CopyOnWriteArrayList<>();
        final List<BlobKey> stored = new CopyOnWriteArrayList<>();
        final List<Long> reads = new CopyOnWriteArrayList<>();
        volatile boolean down;
        volatile CountDownLatch hanging = new CountDownLatch(0);

        Bucket() {
            super(new InMemoryBlobStore());
        }

        private void act(Operation operation, BlobKey key) throws IOException {
            if (down) {
                throw new BlobStoreException(operation, key, "the bucket is down", null, true);
            }
            try {
                hanging.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new java.io.InterruptedIOException();
            }
        }

        @Override
        public BlobMetadata head(BlobKey key) throws IOException {
            heads.add(key);
            act(Operation.HEAD, key);
            return super.head(key);
        }

        @Override
        public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
                throws IOException {
            act(Operation.READ, key);
            ReadResult read = super.read(key, range, target, options);
            reads.add(read.length());
            return read;
        }

        @Override
        public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
            act(Operation.STORE, key);
            stored.add(key);
            return super.store(key, content, options);
        }

        @Override
        public String toString() {
            return "bucket";
        }
    }

    private final Bucket bucket = new Bucket();

    private ServerFixture start(String name) throws IOException {
        return start(name, builder -> builder);
    }

    private ServerFixture start(String name, UnaryOperator<RemoteOptions.Builder> options) throws IOException {
        RemoteOptions remote = options.apply(RemoteOptions.builder(bucket).lookupTimeout(Duration.ofMillis(300)))
                .build();
        return ServerFixture.start(directory.resolve(name), builder -> builder.remote(remote));
    }

    private static String key(Content content) {
        return "cas.v2/" + content.hash().substring(0, 2) + "/" + content.hash();
    }

    private void upload(ServerFixture server, Content... contents) throws IOException {
        try (RawClient client = server.connect()) {
            for (Content content : contents) {
                assertThat(client.put(content.path(), content.bytes()).status()).isEqualTo(200);
            }
        }
        server.server.close();
    }

    @Test
    void whatOneServerIsGivenAnotherServerOfTheBucketHas() throws IOException {
        Content large = ServerFixture.text(1, 3 * MIB + 7);
        Content small = ServerFixture.random(2, 100);
        try (ServerFixture first = start("first");
                RawClient client = first.connect()) {
            assertThat(client.put("/ac/" + small.hash(), small.bytes()).status())
                    .isEqualTo(200);
            upload(first, large, small);
        }
        assertThat(bucket.stored)
                .extracting(BlobKey::toString)
                .containsExactlyInAnyOrder(
                        key(large), key(small), "ac/" + small.hash().substring(0, 2) + "/" + small.hash());

        try (ServerFixture second = start("second");
                RawClient client = second.connect()) {
            assertThat(client.get(large.path()).body()).isEqualTo(large.bytes());
            assertThat(client.get(small.path()).body()).isEqualTo(small.bytes());
            assertThat(client.get("/ac/" + small.hash()).body()).isEqualTo(small.bytes());
            int reads = bucket.reads.size();
            assertThat(client.get(large.path()).body()).isEqualTo(large.bytes());
            assertThat(bucket.reads).as("served from the disk").hasSize(reads);
            assertThat(client.get("/metrics").text()).contains("blobstore_remote_hits_total 3");
        }
        assertThat(bucket.stored).as("nothing is uploaded again").hasSize(3);
    }

    @Test
    void headTransfersNoContent() throws IOException {
        Content content = ServerFixture.text(1, 2 * MIB);
        try (ServerFixture first = start("first")) {
            upload(first, content);
        }
        try (ServerFixture second = start("second");
                RawClient client = second.connect()) {
            Response head = client.headOf(content.path());
            assertThat(head.status()).isEqualTo(200);
            assertThat(head.field("content-length")).isEqualTo(Integer.toString(2 * MIB));
            assertThat(bucket.reads).isEmpty();
            assertThat(second.cache.stats().entries()).isZero();
        }
    }

    @Test
    void contentThatManyWantAtOnceIsDownloadedOnce() throws Exception {
        Content content = ServerFixture.text(1, 4 * MIB);
        try (ServerFixture first = start("first")) {
            upload(first, content);
        }
        ExecutorService clients = Executors.newFixedThreadPool(64);
        try (ServerFixture second = start("second")) {
            List<Future<byte[]>> got = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                got.add(clients.submit(() -> {
                    try (RawClient client = second.connect()) {
                        return client.get(content.path()).body();
                    }
                }));
            }
            for (Future<byte[]> body : got) {
                assertThat(body.get()).isEqualTo(content.bytes());
            }
            assertThat(bucket.reads).as("a table, and the content").hasSize(2);
        } finally {
            clients.shutdownNow();
        }
    }

    @Test
    void wrongAndDamagedContentIsNeitherServedNorKept() throws IOException {
        Content expected = ServerFixture.text(1, 2 * MIB);
        Content other = ServerFixture.text(2, 2 * MIB);
        try (ServerFixture first = start("first")) {
            upload(first, expected, other);
        }
        ByteBuffer stored =
                ByteBuffer.allocate((int) bucket.head(BlobKey.of(key(other))).size());
        bucket.read(BlobKey.of(key(other)), ByteRange.all(), stored);
        stored.flip();
        List<ByteBuffer> wrong = List.of(
                stored, // of another hash
                stored.slice(0, stored.limit() / 2),
                stored.slice(0, 20),
                ByteBuffer.wrap(new byte[1000]));
        for (int i = 0; i < wrong.size(); i++) {
            bucket.store(BlobKey.of(key(expected)), BlobSource.of(wrong.get(i)), StoreOptions.DEFAULT);
            try (ServerFixture second = start("second" + i);
                    RawClient client = second.connect()) {
                assertThat(client.get(expected.path()).status()).as("%d", i).isEqualTo(404);
                assertThat(second.cache.stats().entries()).isZero();
                assertThat(client.get("/metrics").text()).contains("blobstore_remote_wrong_total 1");
                assertThat(client.headOf(expected.path()).status()).isEqualTo(404);
                // A client stores it again, which replaces what is wrong.
                assertThat(client.put(expected.path(), expected.bytes()).status())
                        .isEqualTo(200);
                upload(second);
            }
            try (ServerFixture third = start("third" + i);
                    RawClient client = third.connect()) {
                assertThat(client.get(expected.path()).body()).isEqualTo(expected.bytes());
            }
        }
    }

    @Test
    void aBucketThatFailsOrHangsIsAMissAndLocalHitsGoOn() throws IOException {
        Content kept = ServerFixture.text(1, 1000);
        try (ServerFixture server = start("server", RemoteOptions.Builder::readOnly);
                RawClient client = server.connect()) {
            assertThat(client.put(kept.path(), kept.bytes()).status()).isEqualTo(200);
            bucket.down = true;
            for (int i = 0; i < 10; i++) {
                assertThat(client.get(ServerFixture.text(10 + i, 100).path()).status())
                        .isEqualTo(404);
            }
            assertThat(bucket.heads).as("then it is left alone").hasSize(5);
            assertThat(client.get("/metrics").text()).contains("blobstore_remote_down 1");
            assertThat(client.get(kept.path()).body()).isEqualTo(kept.bytes());
        }
        bucket.down = false;
        bucket.hanging = new CountDownLatch(1);
        try (ServerFixture server = start("server2", RemoteOptions.Builder::readOnly);
                RawClient client = server.connect()) {
            assertThat(client.get(kept.path()).status()).isEqualTo(404);
        } finally {
            bucket.hanging.countDown();
        }
    }

    @Test
    void withoutRoomInTheQueueUploadsComeBeforeTheAnswer() throws IOException {
        Content content = ServerFixture.text(1, 1000);
        UnaryOperator<RemoteOptions.Builder> small = options -> options.writeBack(WriteBackOptions.builder()
                .maxBytes(10)
                .closeTimeout(Duration.ZERO)
                .build());
        try (ServerFixture server = start("server", small);
                RawClient client = server.connect()) {
            bucket.down = true;
            assertThat(client.put(content.path(), content.bytes()).status()).isEqualTo(503);
            bucket.down = false;
            assertThat(client.put(content.path(), content.bytes()).status()).isEqualTo(200);
            assertThat(bucket.stored).hasSize(1);
        }
    }
}
