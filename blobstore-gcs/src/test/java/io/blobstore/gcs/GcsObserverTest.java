package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.MultipartUpload;
import io.blobstore.Operation;
import io.blobstore.StoreEvent.Outcome;
import io.blobstore.StoreEvent.RequestEnded;
import io.blobstore.StoreOptions;
import io.blobstore.contract.LeakCheck;
import io.blobstore.contract.RecordedEvents;
import io.blobstore.contract.ThreadContext;
import io.blobstore.http.ScriptedFault;
import io.blobstore.http.ScriptedResponse;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What an observer learns about the requests of a store, and the header fields that an application adds to them. */
@ExtendWith(LeakCheck.class)
class GcsObserverTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final int PART = 5 << 20;

    private final RecordedEvents events = new RecordedEvents();

    @RegisterExtension
    final FakeServer server = FakeServer.plain();

    private static BlobSource content(int size) {
        return BlobSource.of(ByteBuffer.allocateDirect(size));
    }

    @Test
    void eachRequestIsReportedAndHasTheAddedFields() throws IOException {
        try (BlobStore store = server.store()
                .observer(events)
                .addedHeaders(() -> Map.of("traceparent", "00-ab-cd-01", "Authorization", "evil"))
                .open()) {
            store.store(KEY, content(1000), StoreOptions.DEFAULT);
            store.read(KEY, ByteRange.of(10, 20), ByteBuffer.allocateDirect(20));
            store.head(KEY);
            try (MultipartUpload upload =
                    store.createMultipartUpload(KEY, new PartLayout(PART + 1, PART), StoreOptions.DEFAULT)) {
                upload.uploadPart(1, content(PART));
                upload.uploadPart(2, content(1));
                upload.complete(Crc32c.of(content(PART + 1)));
            }
            store.delete(List.of(KEY)).throwIfFailed();

            assertThat(events.requests()).allSatisfy(ended -> {
                assertThat(ended.request().backend()).isEqualTo("gs");
                assertThat(ended.request().store()).isEqualTo(store.toString());
                assertThat(ended.outcome()).isEqualTo(Outcome.SUCCESS);
                assertThat(ended.attempts()).isEqualTo(1);
                assertThat(ended.status().getAsInt() / 100).isEqualTo(2);
                assertThat(ended.connectionWait()).isPositive();
            });
            assertThat(events.requests())
                    .extracting(ended -> ended.request().operation())
                    .startsWith(
                            Operation.STORE,
                            Operation.READ,
                            Operation.HEAD,
                            Operation.CREATE_UPLOAD,
                            Operation.UPLOAD_PART,
                            Operation.UPLOAD_PART,
                            Operation.COMPLETE_UPLOAD)
                    .endsWith(Operation.DELETE);
            assertThat(events.requests().get(0).bytesSent()).isBetween(1000L, 2000L);
            assertThat(events.requests().get(1).bytesReceived()).isEqualTo(20);
            assertThat(server.get().requests()).hasSizeGreaterThan(7).allSatisfy(request -> {
                assertThat(request.header("traceparent")).contains("00-ab-cd-01");
                assertThat(request.headers().all("Authorization")).doesNotContain("evil");
            });
        }
    }

    /** Also the request that creates an upload, which has a thread of its own. */
    @Test
    void theFieldsAreThoseOfTheThreadThatCallsTheStore() throws Exception {
        try (ThreadContext context = new ThreadContext("00-caller");
                BlobStore store = server.store().addedHeaders(context.headers()).open()) {
            context.transfer(store, KEY, PART);
        }
        assertThat(server.get().requests())
                .hasSizeGreaterThan(10)
                .allSatisfy(request ->
                        assertThat(request.header(ThreadContext.FIELD)).contains("00-caller"));
    }

    @Test
    void aRepeatedRequestIsOneRequestOfSeveralAttempts() throws IOException {
        try (BlobStore store = server.store().observer(events).open()) {
            server.get()
                    .fault(
                            request -> true,
                            ScriptedFault.respond(ScriptedResponse.of(503, "application/json", "{}")),
                            ScriptedFault.respond(ScriptedResponse.of(429, "application/json", "{}")));
            store.delete(KEY);

            assertThat(events.requests())
                    .hasSize(1)
                    .extracting(RequestEnded::attempts)
                    .containsExactly(3);
        }
    }
}
