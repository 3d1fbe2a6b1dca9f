package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.MultipartUpload;
import io.blobstore.Precondition;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.contract.SuppressedFailures;
import io.blobstore.gcs.fake.FakeGcs;
import io.blobstore.gcs.fake.GcsFaults;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedFault;
import io.blobstore.http.ScriptedServer;
import io.blobstore.memory.MappedFile;
import io.blobstore.spi.PartLayout;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Uploads that fail or are cancelled leave nothing over, unless the server fails too. */
class GcsAbortFaultsTest extends GcsFaultsBase {
    private static final Crc32c CHECKSUM = Crc32c.of(ByteBuffer.wrap(CONTENT));

    // ---- cancellation

    @Test
    void theHiddenObjectIsDeletedAlthoughTheThreadIsInterrupted() throws Exception {
        server.get().fault(IS_REWRITE, GcsFaults.json(403, "forbidden", "no"));
        try (BlobStore store = server.store().open();
                MultipartUpload upload = sent(store, Precondition.ifAbsent())) {
            assertThatThrownBy(() -> upload.complete(CHECKSUM))
                    .isInstanceOf(io.blobstore.PermissionDeniedException.class);
            assertThat(server.get().names(FakeServer.BUCKET)).hasSize(1);

            Thread.currentThread().interrupt();
            upload.abort();
            assertThat(Thread.interrupted()).as("the interrupt is kept").isTrue();
        }
        assertThat(server.get().names(FakeServer.BUCKET)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anUploadThatIsCancelledAtAnyPointLeavesNothing(boolean conditional) throws Exception {
        Path path = Files.write(directory.resolve("cancelled"), CONTENT);
        Random random = new Random(3);
        int cancelled = 0;
        AtomicReference<CountDownLatch> awaited = new AtomicReference<>(new CountDownLatch(0));
        whenSeenEachTime(seen -> awaited.get().countDown());
        try (BlobStore store = server.store().open();
                TransferManager uploader = TransferManager.create()) {
            UploadOptions options = UploadOptions.builder()
                    .partSize(PART)
                    .concurrency(2)
                    .store(StoreOptions.builder()
                            .precondition(condition(conditional))
                            .build())
                    .build();
            for (int i = 0; i < 60; i++) {
                MappedFile file = MappedFile.open(path);
                CountDownLatch requests = new CountDownLatch(random.nextInt(8));
                awaited.set(requests);
                Transfer<StoredBlob> transfer =
                        uploader.upload(store, BlobKey.of("cancelled-" + i), file.region(), options);
                transfer.toCompletableFuture().whenComplete((stored, problem) -> {
                    while (requests.getCount() > 0) {
                        requests.countDown(); // there will be no more requests
                    }
                });
                assertThat(requests.await(20, TimeUnit.SECONDS)).isTrue();
                LockSupport.parkNanos(random.nextInt(2_000_000)); // also cancels between the beginnings of requests
                transfer.cancel();
                file.close();
                try {
                    transfer.join();
                } catch (CancellationException e) {
                    cancelled++;
                }
                assertThat(file.isReleased()).isTrue();
            }
        }
        assertThat(cancelled).isPositive();
        assertNothingLeftOver();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCancellationDuringTheCompletionHasNoEffect(boolean conditional) throws Exception {
        Path path = Files.write(directory.resolve("late"), CONTENT);
        for (Predicate<ScriptedExchange> moment :
                conditional ? List.of(IS_COMPLETION, IS_REWRITE) : List.of(IS_COMPLETION)) {
            List<Boolean> cancelled = new CopyOnWriteArrayList<>();
            CompletableFuture<Transfer<StoredBlob>> begun = new CompletableFuture<>();
            whenSeen(moment, () -> cancelled.add(begun.join().cancel()));
            try (BlobStore store = server.store().open();
                    TransferManager uploader = TransferManager.create();
                    MappedFile file = MappedFile.open(path)) {
                store.delete(KEY);
                Transfer<StoredBlob> transfer = uploader.upload(
                        store,
                        KEY,
                        file.region(),
                        UploadOptions.builder()
                                .partSize(PART)
                                .store(StoreOptions.builder()
                                        .precondition(condition(conditional))
                                        .build())
                                .build());
                begun.complete(transfer);
                file.close();

                assertThat(transfer.join().version()).isEqualTo(store.head(KEY).version());
                assertThat(file.isReleased()).isTrue();
            }
            assertThat(cancelled).containsExactly(false);
            assertStored();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anInterruptDuringTheCompletionLeavesNothingOver(boolean conditional) throws Exception {
        Thread caller = Thread.currentThread();
        for (Predicate<ScriptedExchange> moment :
                conditional ? List.of(IS_COMPLETION, IS_REWRITE) : List.of(IS_COMPLETION)) {
            whenSeen(moment, caller::interrupt);
            try (BlobStore store = server.store().open()) {
                store.delete(KEY);
                MultipartUpload upload = sent(store, condition(conditional));

                // The response may arrive before the interrupt.
                Throwable problem = catchThrowable(() -> upload.complete(CHECKSUM));
                upload.close();

                assertThat(Thread.interrupted()).as("the interrupt is kept").isTrue();
                if (problem != null) {
                    assertThat(problem)
                            .isInstanceOf(BlobStoreException.class)
                            .hasMessageContaining("whether the server did it is unknown");
                }
            }
            assertNothingLeftOver();
            assertThat(server.get().object(FakeServer.BUCKET, KEY.toString()).map(object -> object.content()))
                    .satisfiesAnyOf(
                            content -> assertThat(content).isEmpty(),
                            content -> assertThat(Arrays.equals(content.orElseThrow(), CONTENT))
                                    .isTrue());
        }
    }

    // ---- aborts that fail

    @Test
    void aFailedAbortIsRepeated() throws Exception {
        for (ScriptedFault fault : List.of(
                GcsFaults.xml(500, "InternalError", "oops"),
                GcsFaults.xml(503, "ServiceUnavailable", "try again"),
                ScriptedFault.disconnect(),
                ScriptedFault.loseResponse(),
                ScriptedFault.afterHandling(GcsFaults.xml(500, "InternalError", "oops")))) {
            server.get().fault(IS_PART, GcsFaults.xml(403, "AccessDenied", "no"));
            server.get().fault(IS_ABORT, fault, fault);
            try (BlobStore store = server.store().open()) {
                BlobStoreException problem =
                        catchThrowableOfType(BlobStoreException.class, () -> upload(store, Precondition.none()));

                assertThat(problem).isInstanceOf(io.blobstore.PermissionDeniedException.class);
                assertThat(SuppressedFailures.of(problem)).isEmpty();
            }
            assertNothingLeftOver();
        }
    }

    @Test
    void anAbortThatKeepsFailingIsRepeatedTwice() throws Exception {
        ScriptedFault fault = GcsFaults.xml(500, "InternalError", "oops");
        server.get().fault(IS_ABORT, fault, fault, fault);
        try (BlobStore store = server.store().open()) {
            MultipartUpload upload = sent(store, Precondition.none());
            assertThatThrownBy(upload::abort)
                    .isInstanceOf(BlobStoreException.class)
                    .hasMessageContaining("oops");
            assertThat(server.get().uploads(FakeServer.BUCKET)).hasSize(1);

            upload.abort(); // a second call tries again
        }
        assertNothingLeftOver();
    }

    @Test
    void anAbortWithoutResponseIsNotRepeated() throws Exception {
        try (ScriptedServer silent = ScriptedServer.plain(exchange -> {
                    exchange.discardBody();
                    if (exchange.method().equals("DELETE")) {
                        exchange.stall();
                    } else {
                        exchange.respond(
                                200,
                                "<InitiateMultipartUploadResult><UploadId>some-id</UploadId>"
                                        + "</InitiateMultipartUploadResult>");
                    }
                });
                BlobStore store = GcsBlobStore.builder(FakeServer.BUCKET)
                        .endpoint(URI.create(silent.endpoint().toString()))
                        .stallTimeout(Duration.ofSeconds(2))
                        .open()) {
            MultipartUpload upload = store.createMultipartUpload(KEY, new PartLayout(1, PART), StoreOptions.DEFAULT);

            assertThatThrownBy(upload::abort).isInstanceOf(BlobStoreException.class);

            assertThat(silent.requests()).extracting(ScriptedExchange::method).containsExactly("POST", "DELETE");
        }
    }

    @Test
    void theDeletionOfTheHiddenObjectIsRepeated() throws Exception {
        ScriptedFault fault = GcsFaults.json(500, "internalError", "oops");
        server.get().fault(seen -> seen.method().equals("DELETE") && FakeGcs.isJson(seen), fault, fault);
        try (BlobStore store = server.store().open()) {
            upload(store, Precondition.ifAbsent());
        }
        assertThat(server.get().faultsLeft()).isZero();
        assertStored();
    }

    @Test
    void theHiddenObjectIsDeletedAlthoughTheUploadCannotBeAborted() throws Exception {
        server.get().fault(IS_COMPLETION, ScriptedFault.afterHandling(GcsFaults.xml(403, "AccessDenied", "no")));
        server.get().fault(IS_ABORT, GcsFaults.xml(403, "AccessDenied", "nor that"));
        try (BlobStore store = server.store().open()) {
            BlobStoreException problem =
                    catchThrowableOfType(BlobStoreException.class, () -> upload(store, Precondition.ifAbsent()));

            assertThat(problem).isInstanceOf(io.blobstore.PermissionDeniedException.class);
            assertThat(problem.getSuppressed())
                    .anySatisfy(suppressed -> assertThat(suppressed).hasMessageContaining("nor that"));
        }
        assertThat(server.get().names(FakeServer.BUCKET)).isEmpty();
        assertNothingLeftOver();
    }
}
