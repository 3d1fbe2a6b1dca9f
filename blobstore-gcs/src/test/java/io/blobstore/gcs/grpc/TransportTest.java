package io.blobstore.gcs.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.ByteRange;
import io.blobstore.ReadResult;
import io.blobstore.StoreNotFoundException;
import io.blobstore.contract.LeakCheck;
import io.blobstore.gcs.GcsBlobStore;
import io.blobstore.gcs.GcsTransport;
import io.blobstore.gcs.UnsupportedTransportException;
import io.blobstore.gcs.fake.FakeGcs;
import io.blobstore.gcs.fake.GcsFaults;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.ReaderOptions;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Which transport a store reads with. */
@ExtendWith(LeakCheck.class)
class TransportTest {
    private static final Predicate<ScriptedExchange> IS_QUESTION =
            request -> request.path().equals("/storage/v1/b/" + FakeGrpcStorage.BUCKET);
    private static final BlobKey KEY = BlobKey.of("blob");
    private static final byte[] CONTENT = GrpcReadsBase.CONTENT;

    private GcsOverGrpc fake;

    @BeforeEach
    void start() throws IOException {
        fake = new GcsOverGrpc();
    }

    @AfterEach
    void stop() throws IOException {
        fake.close();
    }

    private static void store(BlobStore store) throws IOException {
        store.store(KEY, ByteBuffer.wrap(CONTENT));
    }

    private static ReadResult read(BlobStore store) throws IOException {
        ByteBuffer target = ByteBuffer.allocateDirect(CONTENT.length);
        ReadResult read = store.read(KEY, ByteRange.all(), target);
        assertThat(target.flip().equals(ByteBuffer.wrap(CONTENT))).isTrue();
        return read;
    }

    private long questions() {
        return fake.http.requests().stream().filter(IS_QUESTION).count();
    }

    @Test
    void autoReadsAZonalBucketOverGrpcAndAsksOnce() throws IOException {
        try (BlobStore store = fake.store(GcsTransport.AUTO).open()) {
            store(store);
            assertThat(read(store).blob()).isEqualTo(store.head(KEY));
            read(store);
        }
        assertThat(questions()).isEqualTo(1);
        assertThat(fake.grpc.counts.ranges.get()).isEqualTo(2);
    }

    @Test
    void httpAsksNothingAndIsTheDefault() throws IOException {
        String uri = "gs://" + FakeGrpcStorage.BUCKET + "?endpoint=" + fake.http.endpoint() + "&nativeConditions=true";
        for (String parameters : List.of("", "&transport=http")) {
            try (BlobStore store = BlobStores.open(uri + parameters)) {
                store(store);
                read(store);
            }
        }
        assertThat(questions()).isZero();
        assertThat(fake.grpc.counts.readSessions.get()).isZero();
    }

    @Test
    void theUriSelectsTheTransport() throws IOException {
        String uri = "gs://" + FakeGrpcStorage.BUCKET + "?endpoint=" + fake.http.endpoint()
                + "&nativeConditions=true&transport=grpc&grpcConnections=2&grpcRangesInFlight=8&grpcEndpoint="
                + fake.grpc.endpoint();
        try (BlobStore store = BlobStores.open(uri)) {
            store(store);
            read(store);
        }
        assertThat(fake.grpc.counts.ranges.get()).isEqualTo(1);
        for (String invalid : List.of("transport=h2", "grpcConnections=0", "grpcConnections=65", "grpcEndpoint=x")) {
            assertThatThrownBy(() -> BlobStores.open("gs://some-bucket?endpoint=http://127.0.0.1:1&" + invalid))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void autoReadsAnotherBucketOverHttp() throws IOException {
        try (FakeGcs other = FakeGcs.start().createBucket(FakeGrpcStorage.BUCKET);
                BlobStore store = store(other, GcsTransport.AUTO)) {
            store(store);
            read(store);
            read(store);
            assertThat(other.requests().stream().filter(IS_QUESTION)).hasSize(1);
        }
        assertThat(fake.grpc.counts.readSessions.get()).isZero();
    }

    @Test
    void autoReadsOverHttpIfTheServerDoesNotTellTheType() throws IOException {
        fake.http.fault(IS_QUESTION, GcsFaults.json(403, "forbidden", "no storage.buckets.get"));
        try (BlobStore store = fake.store(GcsTransport.AUTO).open()) {
            store(store);
            read(store);
            read(store);
        }
        assertThat(questions()).isEqualTo(1);
        assertThat(fake.grpc.counts.readSessions.get()).isZero();
    }

    @Test
    void autoReadsOverHttpIfTheServerDoesNotAnswerInTime() throws IOException {
        CountDownLatch done = new CountDownLatch(1);
        fake.http.fault(IS_QUESTION, (exchange, handler) -> done.await());
        try (BlobStore store = fake.store(GcsTransport.AUTO).open()) {
            store(store);
            read(store);
        } finally {
            done.countDown();
        }
        assertThat(fake.grpc.counts.readSessions.get()).isZero();
    }

    @Test
    void grpcRefusesAnotherBucket() throws IOException {
        try (FakeGcs other = FakeGcs.start().createBucket(FakeGrpcStorage.BUCKET);
                BlobStore store = store(other, GcsTransport.GRPC)) {
            assertThatThrownBy(() -> store(store)).isInstanceOf(UnsupportedTransportException.class);
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(() -> read(store))
                        .isInstanceOf(UnsupportedTransportException.class)
                        .hasMessageContaining("'multi-region' and not 'zone'");
            }
            assertThat(other.requests().stream().filter(IS_QUESTION)).hasSize(1);
        }
    }

    @Test
    void grpcIsUsedIfTheServerDoesNotTellTheType() throws IOException {
        fake.http.fault(IS_QUESTION, GcsFaults.json(403, "forbidden", "no storage.buckets.get"));
        try (BlobStore store = fake.store(GcsTransport.GRPC).open()) {
            store(store);
            read(store);
        }
        assertThat(fake.grpc.counts.ranges.get()).isEqualTo(1);
    }

    @Test
    void aMissingBucketIsReported() throws IOException {
        try (FakeGcs empty = FakeGcs.start();
                BlobStore auto = store(empty, GcsTransport.AUTO);
                BlobStore grpc = store(empty, GcsTransport.GRPC)) {
            assertThatThrownBy(() -> read(auto)).isInstanceOf(StoreNotFoundException.class);
            assertThatThrownBy(() -> read(grpc)).isInstanceOf(StoreNotFoundException.class);
        }
    }

    @Test
    void downloadsAndReadersReadOverGrpc() throws Exception {
        try (BlobStore store = fake.store(GcsTransport.AUTO).open();
                TransferManager transfers = TransferManager.create()) {
            store(store);
            List<ByteBuffer> ranges = transfers
                    .downloadRanges(
                            store,
                            KEY,
                            List.of(ByteRange.of(5, 10), ByteRange.of(9 << 20, 10)),
                            ByteBuffer::allocateDirect)
                    .join();
            assertThat(ranges.get(0)).isEqualTo(ByteBuffer.wrap(CONTENT, 5, 10));
            assertThat(ranges.get(1)).isEqualTo(ByteBuffer.wrap(CONTENT, 9 << 20, 10));
            try (BlobReader reader = transfers.openReader(store, KEY, ReaderOptions.DEFAULT)) {
                ByteBuffer target = ByteBuffer.allocate(CONTENT.length);
                while (target.hasRemaining() && reader.read(target) >= 0) {
                    // until the end
                }
                assertThat(target.flip().equals(ByteBuffer.wrap(CONTENT))).isTrue();
            }
        }
        assertThat(fake.http.requests())
                .noneMatch(request -> request.method().equals("GET") && !FakeGcs.isJson(request));
    }

    private GcsBlobStore store(FakeGcs http, GcsTransport transport) throws IOException {
        return GcsBlobStore.builder(FakeGrpcStorage.BUCKET)
                .endpoint(URI.create(http.endpoint().toString()))
                .grpcEndpoint(fake.grpc.endpoint())
                .nativeConditions(true)
                .transport(transport)
                .open();
    }
}
