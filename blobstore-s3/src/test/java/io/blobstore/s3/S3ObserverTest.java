package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.ListOptions;
import io.blobstore.MultipartUpload;
import io.blobstore.Operation;
import io.blobstore.StoreEvent.Outcome;
import io.blobstore.StoreEvent.RequestEnded;
import io.blobstore.StoreEvent.RequestRetried;
import io.blobstore.StoreEvent.RequestStarted;
import io.blobstore.StoreOptions;
import io.blobstore.ThrottledException;
import io.blobstore.contract.AllocatedBytes;
import io.blobstore.contract.LeakCheck;
import io.blobstore.contract.RecordedEvents;
import io.blobstore.contract.ThreadContext;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What an observer learns about the requests of a store, and the header fields that an application adds to them. */
@ExtendWith({LeakCheck.class, S3ProxyServer.Shared.class})
class S3ObserverTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final int PART = 5 << 20;
    private static final Script SLOW_DOWN = ScriptedS3.refusing(503, "SlowDown");
    private static final Script FOUND = ScriptedS3.head(10, ScriptedS3.ETAG, ScriptedS3.MODIFIED);
    private static final Script CREATED = Script.responding(
            200, "<InitiateMultipartUploadResult><UploadId>id-1</UploadId></InitiateMultipartUploadResult>");
    private static final Script ABORTED = Script.responding(204, "");
    private static final Script READ = ScriptedS3.read(
            new byte[10],
            "x-amz-checksum-crc32c: " + Crc32c.of(ByteBuffer.allocate(10)).base64());

    private final RecordedEvents events = new RecordedEvents();

    private static BlobSource content(int size) {
        return BlobSource.of(ByteBuffer.allocateDirect(size));
    }

    private List<Operation> operations() {
        return events.requests().stream()
                .map(ended -> ended.request().operation())
                .toList();
    }

    @Test
    void eachRequestToARealServerIsReported(S3ProxyServer server) throws Exception {
        try (S3BlobStore store =
                server.store(server.newBucket().name()).observer(events).open()) {
            store.store(KEY, content(1000), StoreOptions.DEFAULT);
            store.read(KEY, ByteRange.of(10, 20), ByteBuffer.allocateDirect(20));
            store.head(KEY);
            try (BlobListing listing = store.list(ListOptions.DEFAULT)) {
                listing.next();
            }
            try (MultipartUpload upload =
                    store.createMultipartUpload(KEY, new PartLayout(PART + 1, PART), StoreOptions.DEFAULT)) {
                upload.uploadPart(1, content(PART));
                upload.uploadPart(2, content(1));
                upload.complete(Crc32c.of(content(PART + 1)));
            }
            store.delete(KEY);

            assertThat(events.requests()).allSatisfy(ended -> {
                assertThat(ended.request().backend()).isEqualTo("s3");
                assertThat(ended.request().store()).isEqualTo(store.toString());
                assertThat(ended.outcome()).isEqualTo(Outcome.SUCCESS);
                assertThat(ended.attempts()).isEqualTo(1);
                assertThat(ended.status().getAsInt() / 100).isEqualTo(2);
                assertThat(ended.duration()).isPositive();
                assertThat(ended.connectionWait()).isPositive().isLessThan(ended.duration());
            });
            assertThat(operations())
                    .containsExactly(
                            Operation.STORE,
                            Operation.READ,
                            Operation.HEAD,
                            Operation.LIST,
                            Operation.CREATE_UPLOAD,
                            Operation.UPLOAD_PART,
                            Operation.UPLOAD_PART,
                            Operation.COMPLETE_UPLOAD,
                            Operation.DELETE);
            assertThat(sentBy(Operation.STORE)).containsExactly(1000L);
            assertThat(sentBy(Operation.UPLOAD_PART)).containsExactly((long) PART, 1L);
            RequestEnded read = events.requests().get(1);
            assertThat(read.bytesReceived()).isEqualTo(20);
            assertThat(read.status()).hasValue(206);
            assertThat(read.request().key()).contains(KEY);
            assertThat(events.of(RequestStarted.class))
                    .hasSameSizeAs(events.requests())
                    .doesNotHaveDuplicates();
        }
    }

    private List<Long> sentBy(Operation operation) {
        return events.requests().stream()
                .filter(ended -> ended.request().operation() == operation)
                .map(RequestEnded::bytesSent)
                .toList();
    }

    @Test
    void aRepeatedRequestIsOneRequestOfSeveralAttempts() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(FOUND).then(SLOW_DOWN, exchange -> exchange.reset());
                BlobStore store = ScriptedS3.store(server).observer(events).open()) {
            store.head(KEY);

            assertThat(events.requests()).hasSize(1);
            RequestEnded ended = events.requests().get(0);
            assertThat(ended.attempts()).isEqualTo(3);
            assertThat(ended.status()).hasValue(200);
            List<RequestRetried> retries = events.of(RequestRetried.class);
            assertThat(retries)
                    .allSatisfy(retried -> assertThat(retried.request()).isSameAs(ended.request()));
            assertThat(retries).extracting(RequestRetried::attempt).containsExactly(1, 2);
            assertThat(retries.get(0).problem()).isInstanceOf(ThrottledException.class);
            assertThat(retries).extracting(RequestRetried::delay).noneMatch(Duration::isNegative);
        }
    }

    /** The request that creates an upload has a thread of its own. */
    @Test
    void theAttemptsOfACreationAreCounted() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(ABORTED).then(SLOW_DOWN, CREATED);
                BlobStore store = ScriptedS3.store(server).observer(events).open()) {
            store.createMultipartUpload(KEY, new PartLayout(10, PART), StoreOptions.DEFAULT);

            RequestEnded ended = events.requests().get(0);
            assertThat(ended.request().operation()).isEqualTo(Operation.CREATE_UPLOAD);
            assertThat(ended.attempts()).isEqualTo(2);
            assertThat(ended.status()).hasValue(200);
            assertThat(ended.connectionWait()).isPositive();
        }
        assertThat(operations()).containsExactly(Operation.CREATE_UPLOAD, Operation.ABORT_UPLOAD);
    }

    /** The lookup after a lost response is a part of the request. */
    @Test
    void aCopyWhoseResponseIsLostIsOneRequest() throws IOException {
        Script copied = Script.responding(
                200, "<CopyObjectResult><ETag>&quot;0123456789abcdef&quot;</ETag></CopyObjectResult>");
        try (ScriptedServer server = ScriptedServer.plain(copied).then(FOUND, exchange -> {
                    exchange.discardBody();
                    exchange.reset();
                });
                BlobStore store = ScriptedS3.store(server).observer(events).open()) {
            store.copy(KEY, BlobKey.of("copy"));

            assertThat(operations()).containsExactly(Operation.COPY, Operation.COPY);
            assertThat(events.requests().get(1).attempts()).isEqualTo(2);
        }
    }

    @Test
    void aRefusedUploadTellsWhatWasSent() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(SLOW_DOWN);
                BlobStore store = ScriptedS3.store(server).observer(events).open()) {
            assertThatExceptionOfType(ThrottledException.class)
                    .isThrownBy(() -> store.store(KEY, content(1000), StoreOptions.DEFAULT));

            RequestEnded ended = events.requests().get(0);
            assertThat(ended.outcome()).isEqualTo(Outcome.THROTTLED);
            assertThat(ended.status()).hasValue(503);
            assertThat(ended.bytesSent()).isEqualTo(1000);
            assertThat(ended.problem()).containsInstanceOf(ThrottledException.class);
        }
    }

    @Test
    void aResponseThatIsCutOffTellsWhatWasReceived() throws IOException {
        Script cutOff = Script.writing("HTTP/1.1 200 OK\r\n" + ScriptedS3.ETAG + "\r\n" + ScriptedS3.MODIFIED
                + "\r\nContent-Length: 10\r\n\r\n0123");
        try (ScriptedServer server = ScriptedServer.plain(exchange -> {
                    cutOff.run(exchange);
                    exchange.close();
                });
                BlobStore store = ScriptedS3.store(server).observer(events).open()) {
            assertThatExceptionOfType(BlobStoreException.class)
                    .isThrownBy(() -> store.read(KEY, ByteRange.all(), ByteBuffer.allocateDirect(10)));

            RequestEnded ended = events.requests().get(0);
            assertThat(ended.outcome()).isEqualTo(Outcome.FAILED);
            assertThat(ended.bytesReceived()).isEqualTo(4);
        }
    }

    /** The source of a request may be a blob of another store, whose requests are not a part of it. */
    @Test
    void aRequestOfAnotherStoreIsItsOwn() throws IOException {
        List<RequestStarted> inner = new ArrayList<>();
        try (ScriptedServer server = ScriptedServer.plain(FOUND);
                BlobStore other = ScriptedS3.store(server)
                        .prefix("other/")
                        .observer(events)
                        .open();
                BlobStore store = ScriptedS3.store(server)
                        .observer(event -> {
                            events.onEvent(event);
                            if (event instanceof RequestStarted started
                                    && started.key().isPresent()) {
                                inner.add(started);
                            }
                        })
                        .addedHeaders(() -> {
                            try {
                                other.head(BlobKey.of("inner"));
                                return Map.of();
                            } catch (IOException e) {
                                throw new AssertionError(e);
                            }
                        })
                        .open()) {
            store.head(KEY);

            assertThat(inner).hasSize(1);
            assertThat(events.requests())
                    .extracting(ended -> ended.request().store())
                    .containsExactly(other.toString(), store.toString());
            assertThat(events.requests()).extracting(RequestEnded::attempts).containsExactly(1, 1);
        }
    }

    @Test
    void anObserverThatThrowsAffectsNoRequest(S3ProxyServer server) throws Exception {
        try (BlobStore store = server.store(server.newBucket().name())
                .observer(event -> {
                    throw new AssertionError("broken observer of S3");
                })
                .open()) {
            store.store(KEY, content(1000), StoreOptions.DEFAULT);
            assertThat(store.read(KEY, ByteRange.all(), ByteBuffer.allocateDirect(1000))
                            .length())
                    .isEqualTo(1000);
        }
    }

    /** Events are few small objects for a request, however large it is; without an observer there are none. */
    @Test
    void anObserverCostsLittleAndItsAbsenceNothing(S3ProxyServer server) throws Exception {
        String bucket = server.newBucket().name();
        try (BlobStore plain = server.store(bucket).open();
                BlobStore observed = server.store(bucket).observer(event -> {}).open()) {
            plain.store(KEY, content(1 << 20), StoreOptions.DEFAULT);
            ByteBuffer target = ByteBuffer.allocateDirect(1 << 20);
            long without = Long.MAX_VALUE;
            long with = Long.MAX_VALUE;
            for (int i = 0; i < 30; i++) {
                without = Math.min(without, AllocatedBytes.of(() -> plain.read(KEY, ByteRange.all(), target.clear())));
                with = Math.min(with, AllocatedBytes.of(() -> observed.read(KEY, ByteRange.all(), target.clear())));
            }
            assertThat(with - without).isBetween(1L, 4096L);
        }
    }

    // ---- added header fields

    @Test
    void addedFieldsArriveUnsigned() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(ABORTED).then(FOUND, READ, CREATED);
                BlobStore store = ScriptedS3.store(server)
                        .addedHeaders(() -> Map.of("traceparent", "00-ab-cd-01", "X-Amzn-Trace-Id", "Root=1-2-3"))
                        .open()) {
            store.head(KEY);
            store.read(KEY, ByteRange.all(), ByteBuffer.allocate(10));
            store.createMultipartUpload(KEY, new PartLayout(10, PART), StoreOptions.DEFAULT)
                    .close();

            assertThat(server.requests()).hasSize(4).allSatisfy(request -> {
                assertThat(request.header("traceparent")).contains("00-ab-cd-01");
                assertThat(request.header("X-Amzn-Trace-Id")).contains("Root=1-2-3");
                assertThat(signedHeaders(request)).contains("host").doesNotContain("traceparent", "x-amzn-trace-id");
            });
        }
    }

    /** Also the request that creates an upload, which has a thread of its own. */
    @Test
    void theFieldsAreThoseOfTheThreadThatCallsTheStore(S3ProxyServer server) throws Exception {
        try (ThreadContext context = new ThreadContext("00-caller");
                BlobStore store = server.store(server.newBucket().name())
                        .observer(events)
                        .addedHeaders(context.headers())
                        .open()) {
            context.transfer(store, KEY, PART);

            assertThat(operations())
                    .contains(
                            Operation.CREATE_UPLOAD,
                            Operation.UPLOAD_PART,
                            Operation.COMPLETE_UPLOAD,
                            Operation.READ,
                            Operation.COPY,
                            Operation.LIST,
                            Operation.ABORT_UPLOAD);
            assertThat(context.propagated())
                    .hasSizeGreaterThanOrEqualTo(operations().size())
                    .containsOnly("00-caller");
        }
    }

    private static String signedHeaders(ScriptedExchange request) {
        String authorization = request.header("Authorization").orElseThrow();
        return authorization.substring(authorization.indexOf("SignedHeaders="), authorization.indexOf("Signature="));
    }

    /** The server checks signatures. */
    @Test
    void aServerAcceptsFieldsThatAreNotSigned(S3ProxyServer server) throws Exception {
        try (BlobStore store = server.store(server.newBucket().name())
                .addedHeaders(() -> Map.of("traceparent", "00-ab-cd-01", "X-Amzn-Trace-Id", "Root=1-2-3"))
                .open()) {
            store.store(KEY, content(1000), StoreOptions.DEFAULT);
            store.read(KEY, ByteRange.all(), ByteBuffer.allocate(1000));
            store.delete(List.of(KEY)).throwIfFailed();
        }
    }

    @Test
    void fieldsOfTheSignatureCannotBeReplaced() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(FOUND);
                BlobStore store = ScriptedS3.store(server)
                        .addedHeaders(() -> Map.of("authorization", "evil", "X-AMZ-Date", "evil", "Host", "evil"))
                        .open()) {
            store.head(KEY);

            ScriptedExchange request = server.requests().get(0);
            for (String name : List.of("Authorization", "X-Amz-Date", "Host")) {
                assertThat(request.headers().all(name)).hasSize(1).doesNotContain("evil");
            }
        }
    }
}
