package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

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
import io.blobstore.StoredBlob;
import io.blobstore.ThrottledException;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ManualClock;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.http.objects.ManualClocks;
import io.blobstore.http.objects.RetryClock;
import io.blobstore.http.objects.VirtualRetryClock;
import io.blobstore.spi.PartLayout;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests without content that fail at first, or are answered late: how often they are sent. */
@ExtendWith(LeakCheck.class)
class ControlRequestsTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final BlobKey TO = BlobKey.of("copy");
    private static final BlobSource CONTENT = BlobSource.of(ByteBuffer.wrap(new byte[100]));
    private static final Crc32c CHECKSUM = Crc32c.of(ByteBuffer.wrap(new byte[100]));
    private static final String CRC_FIELD = "x-amz-checksum-crc32c: " + CHECKSUM.base64();
    private static final String PART_MD5 = "6d0bb00954ceb7fbee436bb55a8397a9"; // of 100 bytes of 0
    private static final StoreOptions IF_ABSENT =
            StoreOptions.builder().precondition(Precondition.ifAbsent()).build();
    private static final Script SLOW_DOWN = ScriptedS3.refusing(503, "SlowDown");
    private static final Script SUCCESS = ControlRequestsTest::succeed;
    private static final Script ABSENT = exchange -> exchange.respondHead(404, 0);
    private static final Script RESET = exchange -> {
        exchange.discardBody();
        exchange.reset();
    };

    /** The operations without content, and the requests that each of them sends last. */
    private enum Call {
        HEAD("HEAD", 1) {
            @Override
            void run(BlobStore store) throws IOException {
                store.head(KEY);
            }
        },
        LIST("GET", 1) {
            @Override
            void run(BlobStore store) throws IOException {
                store.list(ListOptions.DEFAULT).close();
            }
        },
        DELETE("DELETE", 1) {
            @Override
            void run(BlobStore store) throws IOException {
                store.delete(KEY);
            }
        },
        DELETE_BATCH("POST", 1) {
            @Override
            void run(BlobStore store) throws IOException {
                store.delete(List.of(KEY, TO)).throwIfFailed();
            }
        },
        COPY("PUT", 1) {
            @Override
            void run(BlobStore store) throws IOException {
                store.copy(KEY, TO);
            }
        },
        COPY_PART("PUT", 1) {
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
        CREATE_UPLOAD("POST", 1) {
            @Override
            void run(BlobStore store) throws IOException {
                store.createMultipartUpload(KEY, new PartLayout(100, 5 << 20), StoreOptions.DEFAULT)
                        .abort();
            }
        },
        COMPLETE_UPLOAD("POST", 2) {
            @Override
            void run(BlobStore store) throws IOException {
                sent(store, StoreOptions.DEFAULT).complete(CHECKSUM);
            }
        },
        COMPLETE_CONDITIONAL_UPLOAD("POST", 2) {
            @Override
            void run(BlobStore store) throws IOException {
                sent(store, IF_ABSENT).complete(CHECKSUM);
            }
        };

        /** The method, and which of the requests with it is the operation's own, from 1. */
        private final String method;

        private final int number;

        Call(String method, int number) {
            this.method = method;
            this.number = number;
        }

        abstract void run(BlobStore store) throws IOException;
    }

    /** A bucket with one blob, which gives the next answers to the requests of a call, and then succeeds. */
    private static final class Bucket implements Script {
        private final Call call;
        private final Queue<Script> answers;
        private int requests;

        Bucket(Call call, List<Script> answers) {
            this.call = call;
            this.answers = new ArrayDeque<>(answers);
        }

        /** Blocks until the last of the answers is given. */
        synchronized void awaitFailing() throws InterruptedException {
            while (!answers.isEmpty()) {
                wait();
            }
        }

        /** Makes the next request of a call fail. */
        synchronized void fail(Script failure) {
            requests = 0;
            answers.add(failure);
        }

        @Override
        public void run(ScriptedExchange exchange) throws IOException, InterruptedException {
            Script failing = null;
            synchronized (this) {
                if (exchange.method().equals(call.method) && isOfCall(exchange) && ++requests >= call.number) {
                    failing = answers.poll();
                    notifyAll();
                }
            }
            if (failing == null && exchange.method().equals("HEAD") && call == Call.COMPLETE_CONDITIONAL_UPLOAD) {
                failing = ABSENT;
            }
            (failing != null ? failing : SUCCESS).run(exchange);
        }

        private boolean isOfCall(ScriptedExchange exchange) {
            return !exchange.method().equals("PUT")
                    || exchange.header("x-amz-copy-source").isPresent();
        }
    }

    private static void succeed(ScriptedExchange exchange) throws IOException {
        boolean ofUpload = exchange.target().contains("uploadId=");
        String body = switch (exchange.method()) {
            case "HEAD" -> "";
            case "GET" -> "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
            case "POST" -> {
                if (ofUpload) {
                    yield "<CompleteMultipartUploadResult><ETag>&quot;whole-1&quot;</ETag>"
                            + "</CompleteMultipartUploadResult>";
                }
                yield exchange.target().contains("delete")
                        ? "<DeleteResult><Deleted><Key>some-blob</Key></Deleted><Deleted><Key>copy</Key></Deleted>"
                                + "</DeleteResult>"
                        : "<InitiateMultipartUploadResult><UploadId>id-1</UploadId></InitiateMultipartUploadResult>";
            }
            case "PUT" ->
                ofUpload
                        ? "<CopyPartResult><ETag>&quot;" + PART_MD5 + "&quot;</ETag></CopyPartResult>"
                        : "<CopyObjectResult><ETag>&quot;" + PART_MD5 + "&quot;</ETag></CopyObjectResult>";
            default -> "";
        };
        exchange.discardBody();
        switch (exchange.method()) {
            case "HEAD" -> exchange.respondHead(200, 100, "ETag: \"" + PART_MD5 + "\"", ScriptedS3.MODIFIED, CRC_FIELD);
            case "DELETE" -> exchange.respond(204, "");
            default -> exchange.respond(200, body, "ETag: \"" + PART_MD5 + "\"");
        }
    }

    private static MultipartUpload sent(BlobStore store, StoreOptions options) throws IOException {
        MultipartUpload upload = store.createMultipartUpload(KEY, new PartLayout(100, 5 << 20), options);
        upload.uploadPart(1, CONTENT);
        return upload;
    }

    private static long requests(ScriptedServer server, String method) {
        return server.requests().stream()
                .filter(request -> request.method().equals(method))
                .count();
    }

    // ---- failures at first

    @ParameterizedTest
    @EnumSource
    void oneFailureIsCured(Call call) throws Exception {
        Bucket bucket = new Bucket(call, List.of());
        try (ScriptedServer server = ScriptedServer.plain(bucket);
                BlobStore store = ScriptedS3.store(server).open()) {
            for (Script failure : List.of(
                    SLOW_DOWN,
                    ScriptedS3.refusing(503, "ServiceUnavailable"),
                    ScriptedS3.refusing(500, "InternalError"),
                    ScriptedS3.refusing(429, "TooManyRequests"),
                    RESET)) {
                bucket.fail(failure);
                call.run(store);
            }
            assertThat(bucket.answers).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aThrottledRequestIsRepeatedForTwoMinutes(Call call) throws Exception {
        VirtualRetryClock clock = new VirtualRetryClock();
        try (ScriptedServer server = ScriptedServer.plain(new Bucket(call, Collections.nCopies(1000, SLOW_DOWN)));
                BlobStore store = ScriptedS3.store(server).retryClock(clock).open()) {
            ThrottledException problem = catchThrowableOfType(ThrottledException.class, () -> call.run(store));

            assertThat(problem.attempts()).isBetween(7, 24);
            assertThat(requests(server, call.method)).isEqualTo(problem.attempts() + call.number - 1);
            assertThat(clock.passed()).isLessThan(Duration.ofMinutes(2));
        }
    }

    @ParameterizedTest
    @EnumSource
    void theNumberOfAttemptsCanBeSet(Call call) throws Exception {
        Script failing = ScriptedS3.refusing(500, "InternalError");
        for (int max : new int[] {1, 3}) {
            try (ScriptedServer server = ScriptedServer.plain(new Bucket(call, Collections.nCopies(1000, failing)));
                    BlobStore store = ScriptedS3.store(server).maxAttempts(max).open()) {
                BlobStoreException problem = catchThrowableOfType(BlobStoreException.class, () -> call.run(store));

                assertThat(problem.attempts()).isEqualTo(max);
            }
        }
    }

    /** The client would make three attempts. */
    @ParameterizedTest
    @EnumSource
    void theRetriesOfAClientAreOff(Call call) throws Exception {
        Script failing = ScriptedS3.refusing(500, "InternalError");
        try (ScriptedServer server = ScriptedServer.plain(new Bucket(call, Collections.nCopies(1000, failing)));
                ImmediateRetryClient client = ScriptedS3.immediateRetryClient(server);
                BlobStore store = client.store(ScriptedS3.BUCKET).maxAttempts(1).open()) {
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> call.run(store)))
                    .isNotNull();
            assertThat(requests(server, call.method)).isEqualTo(call.number);
        }
    }

    @Test
    void onlyTheKeysOfABatchThatFailedAreDeletedAgain() throws Exception {
        Script half = Script.responding(
                200,
                "<DeleteResult><Deleted><Key>some-blob</Key></Deleted>"
                        + "<Error><Key>copy</Key><Code>SlowDown</Code></Error></DeleteResult>");
        try (ScriptedServer server = ScriptedServer.plain(new Bucket(Call.DELETE_BATCH, List.of(half, exchange -> {
                    assertThat(new String(exchange.readBody())).contains("copy").doesNotContain("some-blob");
                    exchange.respond(200, "<DeleteResult><Deleted><Key>copy</Key></Deleted></DeleteResult>");
                })));
                BlobStore store = ScriptedS3.store(server).open()) {
            assertThat(store.delete(List.of(KEY, TO)).deleted()).containsExactlyInAnyOrder(KEY, TO);
            assertThat(requests(server, "POST")).isEqualTo(2);
        }
    }

    /** A transfer has retries of its own, which do not multiply the store's. */
    @ParameterizedTest
    @EnumSource(names = {"CREATE_UPLOAD", "COMPLETE_UPLOAD", "COMPLETE_CONDITIONAL_UPLOAD"})
    void aTransferDoesNotRepeatWhatTheStoreHasRepeated(Call call) throws Exception {
        byte[] content = new byte[(5 << 20) + 1];
        StoreOptions options = call == Call.COMPLETE_CONDITIONAL_UPLOAD ? IF_ABSENT : StoreOptions.DEFAULT;
        for (Script failing : List.of(SLOW_DOWN, ScriptedS3.refusing(500, "InternalError"))) {
            VirtualRetryClock clock = new VirtualRetryClock();
            try (ScriptedServer server = ScriptedServer.plain(new Bucket(call, Collections.nCopies(1000, failing)));
                    BlobStore store = ScriptedS3.store(server).retryClock(clock).open();
                    TransferManager uploader = TransferManager.create()) {
                BlobStoreException problem = catchThrowableOfType(
                        BlobStoreException.class,
                        () -> uploader.upload(
                                        store,
                                        KEY,
                                        BlobSource.of(ByteBuffer.wrap(content)),
                                        UploadOptions.builder()
                                                .partSize(5 << 20)
                                                .store(options)
                                                .build())
                                .join());

                assertThat(problem.attempts()).isGreaterThan(1);
                assertThat(requests(server, "POST")).isEqualTo(problem.attempts() + call.number - 1);
            }
        }
    }

    @Test
    void aSignatureIsMadeAgainIfTheClocksDiffer() throws Exception {
        Instant then = Instant.now().minus(Duration.ofHours(5));
        Script skewed = ScriptedS3.refusing(
                403,
                "RequestTimeTooSkewed",
                "Date: " + DateTimeFormatter.RFC_1123_DATE_TIME.format(then.atOffset(ZoneOffset.UTC)));
        try (ScriptedServer server = ScriptedServer.plain(new Bucket(Call.DELETE, List.of(skewed)));
                BlobStore store = ScriptedS3.store(server).open()) {
            store.delete(KEY);

            assertThat(server.requests())
                    .extracting(request ->
                            request.header("X-Amz-Date").orElseThrow().substring(0, 11))
                    .doesNotHaveDuplicates();
        }
    }

    // ---- slow answers

    private static final Duration SLOW = Duration.ofSeconds(40);
    private static final Duration TOO_SLOW = Duration.ofMinutes(11);

    private static Script answering(ManualClock clock, Duration time, Script answer) {
        return exchange -> {
            exchange.discardBody();
            clock.awaitWaiting();
            clock.advance(time);
            answer.run(exchange);
        };
    }

    @ParameterizedTest
    @EnumSource(names = {"COPY", "COPY_PART", "COMPLETE_UPLOAD", "COMPLETE_CONDITIONAL_UPLOAD"})
    void aSlowAnswerIsAwaitedAndTheRequestIsSentOnce(Call call) throws Exception {
        ManualClock clock = new ManualClock();
        Script slow = answering(clock, SLOW, SUCCESS);
        try (ScriptedServer server = ScriptedServer.plain(new Bucket(call, List.of(slow)));
                BlobStore store =
                        ManualClocks.measure(ScriptedS3.store(server), clock).open()) {
            call.run(store);

            assertThat(requests(server, call.method)).isEqualTo(call == Call.COPY_PART ? 1 : call.number);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"COPY", "COPY_PART", "COMPLETE_UPLOAD", "COMPLETE_CONDITIONAL_UPLOAD"})
    void whatIsNotAnsweredInTimeIsNotRepeated(Call call) throws Exception {
        ManualClock clock = new ManualClock();
        Script never = answering(clock, TOO_SLOW, ScriptedExchange::stall);
        try (ScriptedServer server = ScriptedServer.plain(absent(new Bucket(call, Collections.nCopies(10, never))));
                BlobStore store =
                        ManualClocks.measure(ScriptedS3.store(server), clock).open()) {
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> call.run(store)))
                    .hasMessageContaining("may still be at work")
                    .satisfies(problem -> assertThat(problem.isRetryable()).isFalse());

            assertThat(requests(server, call.method)).isEqualTo(call.number);
        }
    }

    /** Makes the blob that is stored or copied to absent. */
    private static Script absent(Bucket bucket) {
        return exchange -> {
            boolean source = bucket.call == Call.COPY || bucket.call == Call.COPY_PART;
            boolean target = exchange.path().endsWith(source ? "/copy" : "/some-blob");
            (exchange.method().equals("HEAD") && target ? ABSENT : bucket).run(exchange);
        };
    }

    /** One request, one deadline: it is not repeated by the transfer either. */
    @Test
    void aTransferDoesNotRepeatACompletionThatIsNotAnswered() throws Exception {
        ManualClock clock = new ManualClock();
        byte[] content = new byte[(5 << 20) + 1];
        Script never = answering(clock, TOO_SLOW, ScriptedExchange::stall);
        try (ScriptedServer server =
                        ScriptedServer.plain(absent(new Bucket(Call.COMPLETE_UPLOAD, Collections.nCopies(10, never))));
                BlobStore store =
                        ManualClocks.measure(ScriptedS3.store(server), clock).open();
                TransferManager uploader = TransferManager.create()) {
            UploadOptions options =
                    UploadOptions.builder().partSize(5 << 20).concurrency(1).build();
            assertThat(catchThrowableOfType(
                            BlobStoreException.class,
                            () -> uploader.upload(store, KEY, BlobSource.of(ByteBuffer.wrap(content)), options)
                                    .join()))
                    .hasMessageContaining("may still be at work");

            assertThat(requests(server, "POST")).isEqualTo(2);
            assertThat(Duration.ofNanos(clock.nanoTime())).isEqualTo(TOO_SLOW);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"COPY", "COMPLETE_UPLOAD"})
    void whatIsThereAfterTheDeadlineCountsAsSuccessful(Call call) throws Exception {
        ManualClock clock = new ManualClock();
        Script never = answering(clock, TOO_SLOW, ScriptedExchange::stall);
        try (ScriptedServer server = ScriptedServer.plain(new Bucket(call, List.of(never)));
                BlobStore store =
                        ManualClocks.measure(ScriptedS3.store(server), clock).open()) {
            call.run(store);

            assertThat(requests(server, call.method)).isEqualTo(call.number);
        }
    }

    /** The store does not wait for the answer, but for the abort of the upload. */
    @ParameterizedTest
    @EnumSource(names = {"COPY", "COPY_PART", "COMPLETE_UPLOAD"})
    void closingTheStoreEndsASlowRequest(Call call) throws Exception {
        Bucket bucket = new Bucket(call, List.of(exchange -> {
            exchange.discardBody();
            exchange.stall();
        }));
        try (ScriptedServer server = ScriptedServer.plain(bucket)) {
            BlobStore store = ScriptedS3.store(server).open();
            FutureTask<Object> running = new FutureTask<>(() -> {
                call.run(store);
                return null;
            });
            Thread caller = new Thread(running);
            caller.start();
            bucket.awaitFailing();
            store.close();
            caller.join();

            assertThatThrownBy(running::get)
                    .cause()
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
            assertThat(requests(server, "DELETE") > 0)
                    .as("the upload is aborted, perhaps by both threads")
                    .isEqualTo(call != Call.COPY);
        }
    }

    @ParameterizedTest
    @EnumSource
    void anInterruptEndsTheWaitForAnotherAttempt(Call call) throws Exception {
        RetryClock interrupted = new RetryClock() {
            @Override
            public long nanoTime() {
                return 0;
            }

            @Override
            public void sleep(Duration time) throws InterruptedException {
                throw new InterruptedException();
            }
        };
        try (ScriptedServer server = ScriptedServer.plain(new Bucket(call, List.of(SLOW_DOWN)));
                BlobStore store =
                        ScriptedS3.store(server).retryClock(interrupted).open()) {
            BlobStoreException problem = catchThrowableOfType(BlobStoreException.class, () -> call.run(store));

            assertThat(Thread.interrupted()).as("the status is set").isTrue();
            assertThat(problem).hasMessageContaining("interrupted");
            assertThat(problem.isRetryable()).isFalse();
        }
    }

    /** As by a load balancer that closes connections which are idle for a minute. */
    @ParameterizedTest
    @CsvSource({"0, 2", "60, 1"})
    void aCopyIsRepeatedOnlyIfTheConnectionIsLostAtOnce(int seconds, int copies) throws Exception {
        VirtualRetryClock clock = new VirtualRetryClock();
        Script lost = exchange -> {
            clock.advance(Duration.ofSeconds(seconds));
            RESET.run(exchange);
        };
        try (ScriptedServer server = ScriptedServer.plain(absent(new Bucket(Call.COPY, List.of(lost))));
                BlobStore store = ScriptedS3.store(server).retryClock(clock).open()) {
            BlobStoreException problem = catchThrowableOfType(BlobStoreException.class, () -> store.copy(KEY, TO));

            assertThat(problem == null).isEqualTo(copies > 1);
            assertThat(requests(server, "PUT")).isEqualTo(copies);
        }
    }

    @Test
    void theTimeLimitForAnswersCanBeSet() throws Exception {
        ManualClock clock = new ManualClock();
        Script slow = answering(clock, SLOW, ScriptedExchange::stall);
        try (ScriptedServer server = ScriptedServer.plain(absent(new Bucket(Call.COPY, List.of(slow))));
                BlobStore store = ManualClocks.measure(ScriptedS3.store(server), clock)
                        .answerTimeout(Duration.ofSeconds(39))
                        .open()) {
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.copy(KEY, TO)))
                    .hasMessageContaining("answerTimeout");
        }
    }

    // ---- without checksums

    private static String multipartEtag(int parts) throws Exception {
        MessageDigest md5 = MessageDigest.getInstance("MD5");
        for (int part = 0; part < parts; part++) {
            md5.update(HexFormat.of().parseHex(PART_MD5));
        }
        return HexFormat.of().formatHex(md5.digest()) + "-" + parts;
    }

    private static Script there(String etag) {
        return exchange -> exchange.respondHead(200, 100, "ETag: \"" + etag + "\"", ScriptedS3.MODIFIED);
    }

    /** The response is lost, and the blob has the ETag that follows from those of its parts. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anEtagProvesThatACompletionTookEffect(boolean conditional) throws Exception {
        Script gone = ScriptedS3.refusing(404, "NoSuchUpload");
        Queue<Script> completions = new ArrayDeque<>(List.of(RESET, gone));
        try (ScriptedServer server = ScriptedServer.plain(exchange -> {
                    boolean completion = exchange.method().equals("POST")
                            && exchange.target().contains("uploadId=");
                    Script script = exchange.method().equals("HEAD")
                            ? there(multipartEtagOfOnePart())
                            : completion ? completions.remove() : SUCCESS;
                    script.run(exchange);
                });
                BlobStore store =
                        ScriptedS3.store(server).checksums(S3Checksums.NONE).open()) {
            MultipartUpload upload = sent(store, conditional ? IF_ABSENT : StoreOptions.DEFAULT);
            StoredBlob stored = upload.complete(CHECKSUM);

            assertThat(stored.version().value()).isEqualTo("\"" + multipartEtag(1) + "\"");
            assertThat(stored.checksum()).isEmpty();
            assertThat(completions).hasSize(conditional ? 1 : 0);
        }
    }

    private static String multipartEtagOfOnePart() {
        try {
            return multipartEtag(1);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0123456789abcdef0123456789abcdef-1", "0123456789abcdef0123456789abcdef", "x"})
    void anotherEtagProvesNothing(String etag) throws Exception {
        try (ScriptedServer server = ScriptedServer.plain(exchange -> {
                    boolean completion = exchange.method().equals("POST")
                            && exchange.target().contains("uploadId=");
                    Script script = exchange.method().equals("HEAD")
                            ? there(etag)
                            : completion ? ScriptedS3.refusing(404, "NoSuchUpload") : SUCCESS;
                    script.run(exchange);
                });
                BlobStore store =
                        ScriptedS3.store(server).checksums(S3Checksums.NONE).open()) {
            MultipartUpload upload = sent(store, StoreOptions.DEFAULT);

            assertThat(catchThrowableOfType(BlobStoreException.class, () -> upload.complete(CHECKSUM)))
                    .hasMessageContaining("response was lost")
                    .satisfies(problem -> assertThat(problem.isRetryable()).isFalse());
        }
    }
}
