package io.blobstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.blobstore.StoreEvent.Outcome;
import io.blobstore.StoreEvent.RequestEnded;
import io.blobstore.StoreEvent.RequestStarted;
import io.blobstore.contract.AllocatedBytes;
import io.blobstore.contract.RecordedEvents;
import io.blobstore.spi.ObservedRequest;
import io.blobstore.spi.PartLayout;
import io.blobstore.spi.RequestEvents;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What an observer learns about a store that does not report by itself, and what it cannot break. */
class ObservedBlobStoreTest {
    private static final BlobKey KEY = BlobKey.of("key");
    private static final BlobKey OTHER = BlobKey.of("other");

    private final RecordedEvents events = new RecordedEvents();

    private static ByteBuffer bytes(int count) {
        return ByteBuffer.allocate(count);
    }

    /** A call of a store that has a blob of 10 bytes. */
    private interface Call {
        void run(BlobStore store) throws IOException;
    }

    private static Arguments call(Operation operation, boolean hasKey, long sent, long received, Call call) {
        return Arguments.of(operation, hasKey, sent, received, call);
    }

    static Stream<Arguments> calls() {
        return Stream.of(
                call(Operation.STORE, true, 7, 0, store -> store.store(OTHER, bytes(7))),
                call(Operation.READ, true, 0, 4, store -> store.read(KEY, ByteRange.of(2, 4), bytes(4))),
                call(Operation.HEAD, true, 0, 0, store -> store.head(KEY)),
                call(
                        Operation.LIST,
                        false,
                        0,
                        0,
                        store -> store.list(ListOptions.DEFAULT).close()),
                call(Operation.DELETE, true, 0, 0, store -> store.delete(KEY)),
                call(Operation.DELETE, false, 0, 0, store -> store.delete(List.of(KEY, OTHER))),
                call(Operation.DELETE_ALL, false, 0, 0, store -> store.deleteAll("k")),
                call(Operation.COPY, true, 0, 0, store -> store.copy(KEY, OTHER)),
                call(
                        Operation.LIST_UPLOADS,
                        false,
                        0,
                        0,
                        store -> store.listUploads("").close()),
                call(Operation.ABORT_UPLOAD, true, 0, 0, store -> store.abortUpload(KEY, "id")));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("calls")
    void aCallIsOneRequest(Operation operation, boolean hasKey, long sent, long received, Call call)
            throws IOException {
        try (BlobStore store = BlobStores.open("mem:", events)) {
            store.store(KEY, bytes(10));
            events.clear();

            call.run(store);

            assertThat(events.all()).hasSize(2);
            RequestStarted started = events.of(RequestStarted.class).get(0);
            RequestEnded ended = events.requests().get(0);
            assertThat(started.operation()).isEqualTo(operation);
            assertThat(started.backend()).isEqualTo("mem");
            assertThat(started.store()).startsWith("mem:");
            assertThat(started.key().isPresent()).isEqualTo(hasKey);
            assertThat(started.transfer()).isEmpty();
            assertThat(ended.request()).isSameAs(started);
            assertThat(ended.outcome()).isEqualTo(Outcome.SUCCESS);
            assertThat(ended.problem()).isEmpty();
            assertThat(ended.attempts()).isEqualTo(1);
            assertThat(ended.status()).isEmpty();
            assertThat(ended.bytesSent()).isEqualTo(sent);
            assertThat(ended.bytesReceived()).isEqualTo(received);
            assertThat(ended.connectionWait()).isZero();
            assertThat(ended.duration()).isPositive();
        }
    }

    @Test
    void theRequestsOfAnUploadAreReportedOnceEach() throws IOException {
        try (BlobStore store = BlobStores.open("mem:", events)) {
            try (MultipartUpload upload =
                    store.createMultipartUpload(KEY, new PartLayout(10, 6), StoreOptions.DEFAULT)) {
                upload.uploadPart(1, BlobSource.of(bytes(6)));
                upload.uploadPart(2, BlobSource.of(bytes(4)));
                upload.complete(Crc32c.of(bytes(10)));
                upload.complete(Crc32c.of(bytes(10)));
            }
            try (MultipartUpload upload =
                    store.createMultipartUpload(OTHER, new PartLayout(10, 6), StoreOptions.DEFAULT)) {
                assertThat(upload.parts()).isEmpty();
            }

            assertThat(events.requests())
                    .extracting(ended -> ended.request().operation())
                    .containsExactly(
                            Operation.CREATE_UPLOAD,
                            Operation.UPLOAD_PART,
                            Operation.UPLOAD_PART,
                            Operation.COMPLETE_UPLOAD,
                            Operation.CREATE_UPLOAD,
                            Operation.ABORT_UPLOAD);
            assertThat(events.requests()).extracting(RequestEnded::bytesSent).containsExactly(0L, 6L, 4L, 0L, 0L, 0L);
        }
    }

    @Test
    void anUploadThatIsResumedIsReportedToo() throws IOException {
        try (BlobStore store = BlobStores.open("mem:", events)) {
            PartLayout layout = new PartLayout(10, 6);
            MultipartUpload first = store.createMultipartUpload(KEY, layout, StoreOptions.DEFAULT);
            first.keep();
            first.uploadPart(1, BlobSource.of(bytes(6)));
            first.close();
            try (MultipartUpload second = store.resumeMultipartUpload(KEY, first.id(), layout, StoreOptions.DEFAULT)
                    .orElseThrow()) {
                second.abort();
            }

            assertThat(events.requests())
                    .extracting(ended -> ended.request().operation())
                    .containsExactly(
                            Operation.CREATE_UPLOAD,
                            Operation.UPLOAD_PART,
                            Operation.RESUME_UPLOAD,
                            Operation.ABORT_UPLOAD);
        }
    }

    @Test
    void aFailureIsTheOutcome() throws IOException {
        try (BlobStore store = BlobStores.open("mem:", events)) {
            assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(() -> store.head(KEY));

            RequestEnded ended = events.requests().get(0);
            assertThat(ended.outcome()).isEqualTo(Outcome.NOT_FOUND);
            assertThat(ended.problem()).containsInstanceOf(BlobNotFoundException.class);
        }
    }

    static Stream<Arguments> outcomes() {
        return Stream.of(
                Arguments.of(new BlobNotFoundException(Operation.HEAD, KEY, null), Outcome.NOT_FOUND),
                Arguments.of(new StoreNotFoundException(Operation.HEAD, KEY, "", null), Outcome.NOT_FOUND),
                Arguments.of(new BlobAlreadyExistsException(Operation.STORE, KEY, null), Outcome.PRECONDITION_FAILED),
                Arguments.of(new PermissionDeniedException(Operation.HEAD, KEY, "", null), Outcome.PERMISSION_DENIED),
                Arguments.of(new ThrottledException(Operation.HEAD, KEY, "", null, null), Outcome.THROTTLED),
                Arguments.of(new IntegrityException(Operation.READ, KEY, "", null), Outcome.CORRUPT),
                Arguments.of(
                        new BlobStoreException(Operation.READ, KEY, "", new InterruptedIOException(), false),
                        Outcome.CANCELLED),
                Arguments.of(new CancellationException(), Outcome.CANCELLED),
                Arguments.of(new BlobStoreException(Operation.READ, KEY, "", null, true), Outcome.FAILED),
                Arguments.of(new IllegalStateException(), Outcome.FAILED));
    }

    @ParameterizedTest
    @MethodSource("outcomes")
    void eachKindOfFailureHasAnOutcome(Throwable problem, Outcome outcome) {
        assertThat(Outcome.of(problem)).isEqualTo(outcome);
        assertThat(outcome.toString()).matches("[a-z_]+");
    }

    @Test
    void anObserverThatThrowsAffectsNothingAndIsLoggedOnce() throws IOException {
        StoreObserver broken = event -> {
            throw new NoClassDefFoundError("broken observer");
        };
        PrintStream before = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        try (BlobStore store = BlobStores.open("mem:", broken)) {
            store.store(KEY, bytes(10));
            assertThat(store.head(KEY).size()).isEqualTo(10);
        } finally {
            System.setErr(before);
        }
        assertThat(log.toString(StandardCharsets.UTF_8).split("NoClassDefFoundError: broken observer", -1))
                .hasSize(2);
    }

    @Test
    void severalObserversReceiveEachEvent() throws IOException {
        RecordedEvents second = new RecordedEvents();
        try (BlobStore store = BlobStores.open("mem:", StoreObserver.all(events, second))) {
            store.delete(KEY);
        }
        assertThat(second.all()).hasSize(2).isEqualTo(events.all());
    }

    @Test
    void withoutAnObserverTheStoreIsNotWrapped() throws IOException {
        try (BlobStore store = BlobStores.open("mem:")) {
            assertThat(ObservedBlobStore.of(store, StoreObserver.NONE)).isSameAs(store);
        }
        assertThatNullPointerException()
                .isThrownBy(() -> BlobStores.open("mem:", null))
                .withMessage("observer");
    }

    @Test
    void withoutAnObserverNothingIsAllocated() throws IOException {
        RequestEvents none = RequestEvents.of(StoreObserver.NONE, "mem", "mem:");
        AllocatedBytes.Work requests = () -> {
            for (int i = 0; i < 10_000; i++) {
                ObservedRequest request = none.begin(Operation.READ, KEY);
                request.exchanged(0, 200, 1, 1);
                request.received(1);
                request.succeeded();
            }
        };
        requests.run();

        assertThat(AllocatedBytes.of(requests)).isLessThan(1000);
    }

    @Test
    void theBackendIsTheSchemeOfTheInnermostStore() throws IOException {
        try (BlobStore store = new ForwardingBlobStore(BlobStores.open("mem:a")) {}) {
            ObservedBlobStore.of(store, events).delete(KEY);
        }
        assertThat(events.of(RequestStarted.class).get(0).backend()).isEqualTo("mem");
    }
}
