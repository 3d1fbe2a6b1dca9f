package io.blobstore.gcs.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.ByteRange;
import io.blobstore.Operation;
import io.blobstore.StoreEvent.Outcome;
import io.blobstore.StoreEvent.RequestEnded;
import io.blobstore.StoreOptions;
import io.blobstore.contract.RecordedEvents;
import io.blobstore.gcs.GcsTransport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What an observer learns about content over gRPC: operations and bytes, but no statuses. */
class GrpcObserverTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");

    private final RecordedEvents events = new RecordedEvents();

    @Test
    void aReadAndAStoreAreOneRequestEach() throws IOException {
        try (GcsOverGrpc fake = new GcsOverGrpc();
                BlobStore store = fake.store(GcsTransport.GRPC).observer(events).open()) {
            store.store(KEY, BlobSource.of(ByteBuffer.allocateDirect(1000)), StoreOptions.DEFAULT);
            store.read(KEY, ByteRange.of(10, 20), ByteBuffer.allocateDirect(20));

            assertThat(events.requests())
                    .extracting(ended -> ended.request().operation())
                    .containsExactly(Operation.STORE, Operation.READ);
            assertThat(events.requests()).extracting(RequestEnded::bytesSent).containsExactly(1000L, 0L);
            assertThat(events.requests())
                    .extracting(RequestEnded::bytesReceived)
                    .containsExactly(0L, 20L);
            assertThat(events.requests()).allSatisfy(ended -> {
                assertThat(ended.outcome()).isEqualTo(Outcome.SUCCESS);
                assertThat(ended.status()).isEmpty();
                assertThat(ended.connectionWait()).isEqualTo(Duration.ZERO);
            });
        }
    }
}
