package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.api.gax.retrying.RetrySettings;
import com.google.cloud.NoCredentials;
import com.google.cloud.http.HttpTransportOptions;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageOptions;
import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.CopyOptions;
import io.blobstore.Crc32c;
import io.blobstore.ListOptions;
import io.blobstore.MultipartUpload;
import io.blobstore.Precondition;
import io.blobstore.StoreOptions;
import io.blobstore.ThrottledException;
import io.blobstore.contract.LeakCheck;
import io.blobstore.gcs.fake.FakeGcs;
import io.blobstore.gcs.fake.GcsFaults;
import io.blobstore.http.HttpClient;
import io.blobstore.http.ManualClock;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedFault;
import io.blobstore.http.objects.ManualClocks;
import io.blobstore.http.objects.VirtualRetryClock;
import io.blobstore.spi.PartLayout;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests without content that fail at first, or are answered late: how often they are sent. */
@ExtendWith(LeakCheck.class)
class GcsControlRequestsTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final BlobKey TO = BlobKey.of("copy");
    private static final BlobSource CONTENT = BlobSource.of(ByteBuffer.wrap(new byte[100]));
    private static final Crc32c CHECKSUM = Crc32c.of(ByteBuffer.wrap(new byte[100]));
    private static final StoreOptions IF_ABSENT =
            StoreOptions.builder().precondition(Precondition.ifAbsent()).build();
    private static final Duration SLOW = Duration.ofSeconds(40);
    private static final Duration TOO_SLOW = Duration.ofMinutes(11);

    @RegisterExtension
    final FakeServer server = FakeServer.plain();

    /** The operations without content, and which of their requests fail. */
    private enum Call {
        HEAD(request -> request.method().equals("GET") && request.path().endsWith("/o/some-blob")) {
            @Override
            void run(BlobStore store) throws IOException {
                store.head(KEY);
            }
        },
        LIST(request -> request.method().equals("GET") && request.path().endsWith("/o")) {
            @Override
            void run(BlobStore store) throws IOException {
                store.list(ListOptions.DEFAULT).close();
            }
        },
        DELETE(request -> request.method().equals("DELETE")) {
            @Override
            void run(BlobStore store) throws IOException {
                store.delete(KEY);
            }
        },
        DELETE_BATCH(request -> request.path().startsWith("/batch")) {
            @Override
            void run(BlobStore store) throws IOException {
                store.delete(List.of(KEY, TO)).throwIfFailed();
            }
        },
        COPY(GcsFaultsBase.IS_REWRITE) {
            @Override
            void run(BlobStore store) throws IOException {
                store.copy(KEY, TO);
            }
        },
        CONDITIONAL_COPY(GcsFaultsBase.IS_REWRITE) {
            @Override
            void run(BlobStore store) throws IOException {
                store.copy(
                        KEY,
                        TO,
                        CopyOptions.builder()
                                .precondition(Precondition.ifAbsent())
                                .build());
            }
        },
        CREATE_UPLOAD(
                request -> request.method().equals("POST") && request.target().endsWith("?uploads")) {
            @Override
            void run(BlobStore store) throws IOException {
                store.createMultipartUpload(TO, new PartLayout(100, 5 << 20), StoreOptions.DEFAULT)
                        .abort();
            }
        },
        COMPLETE_UPLOAD(GcsFaultsBase.IS_COMPLETION) {
            @Override
            void run(BlobStore store) throws IOException {
                complete(store, StoreOptions.DEFAULT);
            }
        },
        PUBLISH_UPLOAD(GcsFaultsBase.IS_REWRITE) {
            @Override
            void run(BlobStore store) throws IOException {
                complete(store, IF_ABSENT);
            }
        };

        private final Predicate<ScriptedExchange> which;

        Call(Predicate<ScriptedExchange> which) {
            this.which = which;
        }

        abstract void run(BlobStore store) throws IOException;

        private static void complete(BlobStore store, StoreOptions options) throws IOException {
            try (MultipartUpload upload = store.createMultipartUpload(TO, new PartLayout(100, 5 << 20), options)) {
                upload.uploadPart(1, CONTENT);
                upload.complete(CHECKSUM);
            }
        }
    }

    @BeforeEach
    void storeABlob() throws IOException {
        try (BlobStore store = server.store().open()) {
            store.store(KEY, CONTENT);
        }
        server.get().forgetRequests();
    }

    private void fail(Call call, ScriptedFault fault, int times) {
        server.get().fault(call.which, Collections.nCopies(times, fault).toArray(ScriptedFault[]::new));
    }

    private long requests(Call call) {
        return server.get().requests().stream().filter(call.which).count();
    }

    private void assertNothingLeftOver() {
        assertThat(server.get().uploads(FakeServer.BUCKET)).isEmpty();
        assertThat(server.get().names(FakeServer.BUCKET)).noneMatch(name -> name.contains(".blobstore-unpublished/"));
    }

    // ---- failures at first

    @ParameterizedTest
    @EnumSource
    void oneFailureIsCured(Call call) throws Exception {
        try (BlobStore store = server.store().open()) {
            for (ScriptedFault fault : List.of(
                    GcsFaults.json(503, "backendError", "try again"),
                    GcsFaults.xml(503, "SlowDown", "slow"),
                    GcsFaults.json(429, "rateLimitExceeded", "slow"),
                    GcsFaults.json(500, "internalError", "oops"),
                    ScriptedFault.respond(502, "<html>bad gateway</html>"),
                    ScriptedFault.reset())) {
                fail(call, fault, 1);
                call.run(store);
                store.store(KEY, CONTENT);
                store.delete(TO);

                assertThat(server.get().faultsLeft()).isZero();
            }
        }
        assertNothingLeftOver();
    }

    @ParameterizedTest
    @EnumSource
    void aThrottledRequestIsRepeatedForTwoMinutes(Call call) throws Exception {
        VirtualRetryClock clock = new VirtualRetryClock();
        fail(call, GcsFaults.json(503, "backendError", "try again"), 1000);
        try (BlobStore store = server.store().retryClock(clock).open()) {
            ThrottledException problem = catchThrowableOfType(ThrottledException.class, () -> call.run(store));

            assertThat(problem.attempts()).isBetween(7, 24);
            assertThat(requests(call)).isEqualTo(problem.attempts());
        }
        assertThat(clock.passed()).isLessThan(Duration.ofMinutes(2).plusSeconds(1)); // and that of lookups
        assertNothingLeftOver();
    }

    @ParameterizedTest
    @EnumSource
    void theNumberOfAttemptsCanBeSet(Call call) throws Exception {
        for (int max : new int[] {1, 3}) {
            server.get().forgetRequests();
            fail(call, GcsFaults.json(500, "internalError", "oops"), max);
            try (BlobStore store = server.store().maxAttempts(max).open()) {
                BlobStoreException problem = catchThrowableOfType(BlobStoreException.class, () -> call.run(store));

                assertThat(problem.attempts()).isEqualTo(max);
                assertThat(requests(call)).isEqualTo(max);
            }
        }
    }

    @Test
    void theRetriesOfAClientAreOff() throws Exception {
        fail(Call.LIST, GcsFaults.json(503, "backendError", "try again"), 10);
        try (HttpClient http = HttpClient.builder().build();
                Storage client = StorageOptions.http()
                        .setTransportOptions(HttpTransportOptions.newBuilder()
                                .setHttpTransportFactory(() -> new SdkHttpTransportAdapter(http))
                                .build())
                        .setHost(server.get().endpoint().toString())
                        .setProjectId("p")
                        .setCredentials(NoCredentials.getInstance())
                        .setRetrySettings(
                                RetrySettings.newBuilder().setMaxAttempts(3).build())
                        .build()
                        .getService();
                BlobStore store = GcsBlobStore.builder(FakeServer.BUCKET)
                        .client(client)
                        .maxAttempts(1)
                        .open()) {
            assertThat(catchThrowableOfType(ThrottledException.class, () -> Call.LIST.run(store)))
                    .isNotNull();
            assertThat(requests(Call.LIST)).isOne();
        }
    }

    /** The second error has no body, which the SDK cannot parse. */
    @ParameterizedTest
    @ValueSource(strings = {"{'error': {'code': 503, 'message': 'try again'}}", ""})
    void theBlobsOfABatchThatFailedAreDeletedAgain(String json) throws Exception {
        String refused = "HTTP/1.1 503 status\r\nContent-Type: application/json\r\nContent-Length: " + json.length()
                + "\r\n\r\n" + json.replace('\'', '"');
        ScriptedFault half = ScriptedFault.changing(response -> response.withBody(response.text()
                .replaceFirst("(?s)HTTP/1.1 204 .*?\r\n\r\n", refused)
                .getBytes(StandardCharsets.UTF_8)));
        fail(Call.DELETE_BATCH, half, 1);
        try (BlobStore store = server.store().open()) {
            store.store(TO, CONTENT);

            assertThat(store.delete(List.of(KEY, TO)).deleted()).containsExactlyInAnyOrder(KEY, TO);
            assertThat(requests(Call.DELETE_BATCH)).isEqualTo(2);
        }
    }

    @Test
    void aFailedStepOfACopyIsRepeatedAlone() throws Exception {
        server.get().rewriteInStepsOf(10);
        for (int step = 0; step < 19; step++) { // more failures than attempts
            server.get()
                    .fault(
                            Call.COPY.which,
                            step % 2 == 0 ? ScriptedFault.none() : GcsFaults.json(503, "backendError", "try again"));
        }
        try (BlobStore store = server.store().maxAttempts(2).open()) {
            assertThat(store.copy(KEY, TO).checksum()).contains(CHECKSUM);
        }
        assertThat(server.get().faultsLeft()).isZero();
        assertThat(requests(Call.COPY)).isEqualTo(19);
    }

    /** A transfer has retries of its own, which do not multiply the store's. */
    @ParameterizedTest
    @EnumSource(names = {"CREATE_UPLOAD", "COMPLETE_UPLOAD", "PUBLISH_UPLOAD"})
    void aTransferDoesNotRepeatWhatTheStoreHasRepeated(Call call) throws Exception {
        StoreOptions options = call == Call.PUBLISH_UPLOAD ? IF_ABSENT : StoreOptions.DEFAULT;
        for (ScriptedFault fault :
                List.of(GcsFaults.xml(503, "SlowDown", "slow"), GcsFaults.json(500, "internalError", "oops"))) {
            server.get().forgetRequests();
            fail(call, fault, 100);
            try (BlobStore store = server.store().open();
                    TransferManager uploader = TransferManager.create()) {
                BlobSource content = BlobSource.of(ByteBuffer.wrap(new byte[(5 << 20) + 1]));
                BlobStoreException problem = catchThrowableOfType(
                        BlobStoreException.class,
                        () -> uploader.upload(
                                        store,
                                        TO,
                                        content,
                                        UploadOptions.builder()
                                                .partSize(5 << 20)
                                                .store(options)
                                                .build())
                                .join());

                assertThat(problem.attempts()).isGreaterThan(1);
                assertThat(requests(call)).isEqualTo(problem.attempts());
            }
            assertNothingLeftOver();
        }
    }

    // ---- slow answers

    /** Handles a request, and responds after a time. */
    private static ScriptedFault answering(ManualClock clock, Duration time) {
        return (exchange, handler) -> {
            byte[] body = exchange.readBody();
            clock.awaitWaiting();
            clock.advance(time);
            exchange.respond(handler.handle(exchange, body));
        };
    }

    private static ScriptedFault silent(ManualClock clock) {
        return (exchange, handler) -> {
            exchange.readBody();
            clock.awaitWaiting();
            clock.advance(TOO_SLOW);
            exchange.stall();
        };
    }

    @ParameterizedTest
    @EnumSource(names = {"COPY", "CONDITIONAL_COPY", "COMPLETE_UPLOAD", "PUBLISH_UPLOAD"})
    void aSlowAnswerIsAwaitedAndTheRequestIsSentOnce(Call call) throws Exception {
        ManualClock clock = new ManualClock();
        fail(call, answering(clock, SLOW), 1);
        try (BlobStore store = ManualClocks.measure(server.store(), clock).open()) {
            call.run(store);
        }
        assertThat(requests(call)).isOne();
        assertNothingLeftOver();
    }

    @ParameterizedTest
    @EnumSource(names = {"COPY", "CONDITIONAL_COPY", "COMPLETE_UPLOAD", "PUBLISH_UPLOAD"})
    void whatIsNotAnsweredInTimeIsNotRepeated(Call call) throws Exception {
        ManualClock clock = new ManualClock();
        fail(call, silent(clock), 10);
        try (BlobStore store = ManualClocks.measure(server.store(), clock).open()) {
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> call.run(store)))
                    .hasMessageContaining("may still be at work")
                    .satisfies(problem -> assertThat(problem.isRetryable()).isFalse());
        }
        assertThat(requests(call)).isOne();
        assertThat(Duration.ofNanos(clock.nanoTime())).isEqualTo(TOO_SLOW);
        assertNothingLeftOver();
    }

    @ParameterizedTest
    @EnumSource(names = {"COPY", "CONDITIONAL_COPY", "COMPLETE_UPLOAD", "PUBLISH_UPLOAD"})
    void whatIsThereAfterTheDeadlineCountsAsSuccessful(Call call) throws Exception {
        ManualClock clock = new ManualClock();
        fail(call, ScriptedFault.afterHandling(silent(clock)), 1);
        try (BlobStore store = ManualClocks.measure(server.store(), clock).open()) {
            call.run(store);
        }
        assertThat(requests(call)).isOne();
        assertThat(server.get().object(FakeServer.BUCKET, TO.toString())).isPresent();
        assertNothingLeftOver();
    }

    @Test
    void otherAnswersAreBoundedByTheStallTimeout() throws Exception {
        ManualClock clock = new ManualClock();
        fail(Call.HEAD, silent(clock), 2);
        try (BlobStore store = ManualClocks.measure(server.store(), clock).open()) {
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.head(KEY))
                            .attempts())
                    .as("a request without an answer is repeated once")
                    .isEqualTo(2);
        }
        assertThat(FakeGcs.isJson(server.get().requests().get(0))).isTrue();
    }
}
