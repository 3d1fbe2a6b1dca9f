package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.ByteRange;
import io.blobstore.CopyOptions;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.ListOptions;
import io.blobstore.Precondition;
import io.blobstore.StoreOptions;
import io.blobstore.ThrottledException;
import io.blobstore.contract.SuppressedFailures;
import io.blobstore.gcs.fake.FakeCredentials;
import io.blobstore.gcs.fake.GcsFaults;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedFault;
import io.blobstore.memory.MappedFile;
import io.blobstore.spi.PartLayout;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Failures while parts are sent. */
class GcsUploadFaultsTest extends GcsFaultsBase {
    // ---- known bugs of other systems

    @Test
    void aTokenThatExpiresDuringAnUploadIsRenewed() throws Exception {
        FakeCredentials account = new FakeCredentials();
        server.get()
                .requireToken(
                        IntStream.range(1, 9).mapToObj(i -> "fake-token-" + i).toArray(String[]::new));
        server.get().fault(IS_PART, ScriptedFault.none(), GcsFaults.xml(401, "AuthenticationRequired", "expired"));
        try (BlobStore store = server.store().credentials(account).open()) {
            store.list(io.blobstore.ListOptions.DEFAULT).close();
            server.get().expire("fake-token-1");
            upload(store, Precondition.none());
            assertStored();
            store.delete(List.of(KEY)).throwIfFailed(); // a batch, which has the token for its requests
        }
        assertThat(server.get().names(FakeServer.BUCKET)).isEmpty();
        assertThat(server.get().requests()).anyMatch(request -> request.status() == 401);
    }

    @Test
    void aFileThatIsClosedWhilePartsAreRetriedIsReadToItsEnd() throws Exception {
        server.get().fault(IS_PART, ScriptedFault.disconnect(), ScriptedFault.disconnect(), ScriptedFault.disconnect());
        try (BlobStore store = server.store().open()) {
            upload(store, Precondition.none());
        }
        assertStored();
    }

    @Test
    void aDecoratorDoesNotHideMultipartUploads() throws Exception {
        try (BlobStore store =
                new ForwardingBlobStore(new ForwardingBlobStore(server.store().open()) {}) {}) {
            upload(store, Precondition.none());
        }
        assertStored();
        assertThat(server.get().requests().stream().filter(IS_PART)).hasSize(PARTS);
    }

    @Test
    void aBlobWithoutContentIsStored() throws Exception {
        try (BlobStore store = server.store().open();
                TransferManager uploader = TransferManager.create()) {
            uploader.upload(store, KEY, BlobSource.of(), UploadOptions.DEFAULT).join();
        }
        assertThat(server.get().object(FakeServer.BUCKET, KEY.toString()))
                .hasValueSatisfying(object -> assertThat(object.content()).isEmpty());
    }

    @Test
    void aMappingThatIsClosedIsAnError() throws Exception {
        MappedFile file = MappedFile.open(Files.write(directory.resolve("closed"), CONTENT));
        file.close();
        try (BlobStore store = server.store().open();
                TransferManager uploader = TransferManager.create()) {
            assertThatThrownBy(() -> uploader.upload(store, KEY, file.region(), UploadOptions.DEFAULT)
                            .join())
                    .isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> store.store(KEY, file.region())).isInstanceOf(IllegalStateException.class);
        }
        assertThat(server.get().names(FakeServer.BUCKET)).isEmpty();
    }

    @Test
    void anUploadThatFailsIsAborted() throws Exception {
        server.get().fault(IS_PART, GcsFaults.xml(403, "AccessDenied", "no"));
        try (BlobStore store = server.store().open()) {
            assertThatThrownBy(() -> upload(store, Precondition.none()))
                    .isInstanceOf(io.blobstore.PermissionDeniedException.class);
        }
        assertThat(server.get().names(FakeServer.BUCKET)).isEmpty();
        assertNothingLeftOver();
    }

    @Test
    void anAbortThatFailsIsReported() throws Exception {
        server.get().fault(IS_PART, GcsFaults.xml(403, "AccessDenied", "no"));
        server.get()
                .fault(request -> request.method().equals("DELETE"), GcsFaults.xml(403, "AccessDenied", "nor that"));
        try (BlobStore store = server.store().open()) {
            BlobStoreException problem =
                    catchThrowableOfType(BlobStoreException.class, () -> upload(store, Precondition.none()));

            assertThat(problem.getSuppressed())
                    .anySatisfy(suppressed -> assertThat(suppressed).hasMessageContaining("nor that"));
        }
    }

    // ---- parts

    @Test
    void theContentArrivesAlthoughOneRequestInTenIsRefused() throws Exception {
        Random random = new Random(7);
        ScriptedFault[] faults = IntStream.range(0, 400)
                .mapToObj(i -> random.nextInt(10) == 0
                        ? GcsFaults.xml(503, "ServiceUnavailable", "try again")
                        : ScriptedFault.none())
                .toArray(ScriptedFault[]::new);
        server.get().fault(IS_PART, faults);
        try (BlobStore store = server.store().open()) {
            for (int i = 0; i < 5; i++) {
                upload(store, Precondition.none());
                assertStored();
            }
        }
        assertThat(server.get().requests().stream().filter(IS_PART)).hasSizeGreaterThan(5 * PARTS);
    }

    @Test
    void everyTransientFaultIsRetried() throws Exception {
        for (ScriptedFault fault : List.of(
                GcsFaults.xml(408, "RequestTimeout", "slow"),
                GcsFaults.xml(429, "SlowDown", "slow down", "Retry-After: 0"),
                GcsFaults.xml(500, "InternalError", "oops"),
                ScriptedFault.respond(502, "<html>bad gateway</html>"),
                ScriptedFault.closeDuringRequest(),
                ScriptedFault.disconnect(),
                ScriptedFault.loseResponse())) {
            server.get().fault(IS_PART, fault);
            try (BlobStore store = server.store().open()) {
                upload(store, Precondition.none());
            }
            assertStored();
        }
    }

    @Test
    void retryAfterIsReported() throws Exception {
        server.get().fault(request -> true, GcsFaults.xml(503, "SlowDown", "slow down", "Retry-After: 7"));
        try (BlobStore store = server.store().open()) {
            ThrottledException problem =
                    catchThrowableOfType(ThrottledException.class, () -> store.store(KEY, BlobSource.of()));

            assertThat(problem.retryAfter()).contains(java.time.Duration.ofSeconds(7));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "503, backendError",
        "503, ''",
        "429, rateLimitExceeded",
        "429, ''",
        "403, rateLimitExceeded",
        "403, userRateLimitExceeded"
    })
    void aStoreThatIsBusyThrottlesEveryRequest(int status, String reason) throws Exception {
        ScriptedFault json =
                reason.isEmpty() ? ScriptedFault.respond(status, "") : GcsFaults.json(status, reason, "try again");
        server.get().fault(request -> true, Collections.nCopies(500, json).toArray(ScriptedFault[]::new));
        try (BlobStore store = server.store().open()) {
            List<ThrowingCallable> requests = List.of(
                    () -> store.store(KEY, BlobSource.of()),
                    () -> store.read(KEY, ByteRange.all(), ByteBuffer.allocate(1)),
                    () -> store.createMultipartUpload(KEY, new PartLayout(2 * PART, PART), StoreOptions.DEFAULT),
                    () -> store.head(KEY),
                    () -> store.delete(KEY),
                    () -> store.delete(List.of(KEY)).throwIfFailed(),
                    () -> store.copy(KEY, BlobKey.of("copy"), CopyOptions.DEFAULT),
                    () -> store.list(ListOptions.DEFAULT));
            assertThat(requests)
                    .allSatisfy(request -> assertThatThrownBy(request).isInstanceOf(ThrottledException.class));
        }
    }

    @ParameterizedTest
    @CsvSource({"503, backendError", "429, rateLimitExceeded", "403, userRateLimitExceeded"})
    void aRequestInABatchMayBeThrottled(int status, String reason) throws Exception {
        String error = "{\"error\": {\"code\": " + status + ", \"message\": \"slow\", \"errors\": [{\"reason\": \""
                + reason + "\", \"message\": \"slow\"}]}}";
        String refused = "HTTP/1.1 " + status + " status\r\nContent-Type: application/json\r\nContent-Length: "
                + error.length() + "\r\n\r\n" + error;
        server.get()
                .fault(
                        request -> request.target().startsWith("/batch/"),
                        ScriptedFault.changing(response -> response.withBody(response.text()
                                .replaceFirst("(?s)HTTP/1.1 204 .*?\r\n\r\n", refused)
                                .getBytes(StandardCharsets.UTF_8))));
        try (BlobStore store = server.store().maxAttempts(1).open()) {
            store.store(KEY, BlobSource.of());

            Map<BlobKey, BlobStoreException> failures =
                    store.delete(List.of(KEY)).failures();

            assertThat(failures.get(KEY)).isInstanceOf(ThrottledException.class);
        }
    }

    @Test
    void partsAreRetriedAfterConnectionsThatEndInTheirMiddle() throws Exception {
        server.get()
                .fault(
                        IS_PART,
                        ScriptedFault.closeDuringRequest(),
                        ScriptedFault.closeDuringRequest(),
                        ScriptedFault.closeDuringRequest());
        try (BlobStore store = server.store().open()) {
            upload(store, Precondition.none());
        }
        assertStored();
        assertThat(server.get().requests().stream().filter(IS_PART))
                .anyMatch(request -> request.status() == 0 && request.bodyReceived() == PART / 2)
                .hasSize(PARTS + 3);
    }

    @Test
    void aPartOfAnUploadThatALifecycleRuleHasAbortedIsNotRetried() throws Exception {
        server.get().fault(IS_PART, GcsFaults.xml(404, "NoSuchUpload", "gone"));
        try (BlobStore store = server.store().open()) {
            assertThatThrownBy(() -> upload(store, Precondition.none()))
                    .isInstanceOfSatisfying(
                            BlobStoreException.class,
                            problem -> assertThat(problem.isRetryable()).isFalse())
                    .hasMessageContaining("the upload is gone");
        }
        assertThat(server.get().names(FakeServer.BUCKET)).isEmpty();
        assertNothingLeftOver();
    }

    /** The id is lost with the response, so only a lifecycle rule can abort the first upload. */
    @Test
    void anUploadWhoseIdIsLostIsCreatedAgain() throws Exception {
        Predicate<ScriptedExchange> isCreation = request -> request.target().endsWith("?uploads");
        for (ScriptedFault fault : List.of(ScriptedFault.loseResponse(), ScriptedFault.cutResponse())) {
            server.get().fault(isCreation, fault);
            try (BlobStore store = server.store().open()) {
                assertThat(upload(store, Precondition.none()).size()).isEqualTo(CONTENT.length);
            }
        }
        assertThat(server.get().uploads(FakeServer.BUCKET)).hasSize(2);
        assertThat(server.get().requests().stream().filter(IS_PART)).hasSize(2 * PARTS);
    }

    // ---- tokens

    @Test
    void aTokenThatExpiresBeforeTheEndIsRenewed() throws Exception {
        for (Predicate<ScriptedExchange> which : List.of(IS_COMPLETION, IS_REWRITE, IS_ABORT)) {
            server.get().fault(which, GcsFaults.xml(401, "AuthenticationRequired", "expired"));
            try (BlobStore store = server.store().open()) {
                if (which == IS_ABORT) {
                    sent(store, Precondition.none()).abort();
                } else {
                    upload(store, Precondition.ifAbsent());
                    assertStored();
                    store.delete(KEY);
                }
            }
            assertThat(server.get().faultsLeft()).isZero();
            assertNothingLeftOver();
        }
    }

    @Test
    void anAccountThatIsDisabledDuringAnUploadIsReported() throws Exception {
        server.get().requireToken("fake-token-1");
        whenSeen(IS_PART, () -> server.get().expire("fake-token-1"));
        try (BlobStore store = server.store().credentials(new FakeCredentials()).open()) {
            BlobStoreException problem =
                    catchThrowableOfType(BlobStoreException.class, () -> upload(store, Precondition.none()));

            assertThat(problem)
                    .isInstanceOf(io.blobstore.PermissionDeniedException.class)
                    .hasMessageContaining("does not accept the credentials");
            assertThat(SuppressedFailures.of(problem)).as("the abort fails too").isNotEmpty();
        }
        assertThat(server.get().names(FakeServer.BUCKET)).isEmpty();
    }
}
