package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.IntegrityException;
import io.blobstore.MultipartUpload;
import io.blobstore.PartLayout;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.contract.LeakCheck;
import io.blobstore.gcs.fake.FakeCredentials;
import io.blobstore.gcs.fake.Fault;
import io.blobstore.gcs.fake.Seen;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.ParallelUploader;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Uploads from a mapping while the server, the network or a token fails: the content arrives as it is, or nothing is left over. */
@ExtendWith(LeakCheck.class)
class GcsUploadFaultsTest {
    private static final int PART = 5 << 20;
    private static final int PARTS = 4;
    private static final byte[] CONTENT = new byte[(PARTS - 1) * PART + 1];
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final Predicate<Seen> IS_PART =
            request -> request.method().equals("PUT") && request.target().contains("partNumber=");
    private static final Predicate<Seen> IS_COMPLETION =
            request -> request.method().equals("POST") && request.target().contains("?uploadId=");
    private static final Predicate<Seen> IS_REWRITE =
            request -> request.target().contains("/rewriteTo/");

    static {
        new Random(1).nextBytes(CONTENT);
    }

    @RegisterExtension
    final FakeServer server = FakeServer.plain();

    @TempDir
    Path directory;

    private StoredBlob upload(BlobStore store, Precondition condition) throws IOException, InterruptedException {
        Path path = Files.write(directory.resolve("source"), CONTENT);
        try (ParallelUploader uploader = ParallelUploader.create();
                MappedFile file = MappedFile.open(path)) {
            UploadOptions options = UploadOptions.builder()
                    .partSize(PART)
                    .concurrency(2)
                    .store(StoreOptions.builder().precondition(condition).build())
                    .build();
            Transfer<StoredBlob> transfer = uploader.upload(store, KEY, file.region(), options);
            file.close();
            try {
                return transfer.join();
            } finally {
                assertThat(file.isReleased())
                        .as("memory is free when it is over")
                        .isTrue();
            }
        }
    }

    private void assertStored() {
        assertThat(server.get().object(FakeServer.BUCKET, KEY.toString()))
                .hasValueSatisfying(object ->
                        assertThat(Arrays.equals(object.content(), CONTENT)).isTrue());
        assertNothingLeftOver();
    }

    private void assertNothingLeftOver() {
        assertThat(server.get().uploads(FakeServer.BUCKET)).isEmpty();
        assertThat(server.get().names(FakeServer.BUCKET)).noneMatch(name -> name.contains(".blobstore-unpublished/"));
    }

    // ---- each of these has broken another system

    @Test
    void aTokenThatExpiresDuringAnUploadIsRenewed() throws Exception {
        FakeCredentials account = new FakeCredentials();
        server.get()
                .requireToken(
                        IntStream.range(1, 9).mapToObj(i -> "fake-token-" + i).toArray(String[]::new));
        server.get().fault(IS_PART, Fault.none(), Fault.xml(401, "AuthenticationRequired", "expired"));
        try (BlobStore store = server.store().credentials(account).open()) {
            store.list(io.blobstore.ListOptions.ALL).close();
            server.get().expire("fake-token-1");
            upload(store, Precondition.none());
        }
        assertStored();
        assertThat(server.get().requests()).anyMatch(request -> request.status() == 401);
    }

    @Test
    void aFileThatIsClosedWhilePartsAreTriedAgainIsReadToItsEnd() throws Exception {
        server.get().fault(IS_PART, Fault.disconnect(), Fault.disconnect(), Fault.disconnect());
        try (BlobStore store = server.store().open()) {
            upload(store, Precondition.none());
        }
        assertStored();
    }

    @Test
    void aDecoratorDoesNotHideTheWayInParts() throws Exception {
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
                ParallelUploader uploader = ParallelUploader.create()) {
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
                ParallelUploader uploader = ParallelUploader.create()) {
            assertThatThrownBy(() -> uploader.upload(store, KEY, file.region(), UploadOptions.DEFAULT)
                            .join())
                    .isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> store.store(KEY, file.region())).isInstanceOf(IllegalStateException.class);
        }
        assertThat(server.get().names(FakeServer.BUCKET)).isEmpty();
    }

    @Test
    void anUploadThatFailsIsAborted() throws Exception {
        server.get().fault(IS_PART, Fault.xml(403, "AccessDenied", "no"));
        try (BlobStore store = server.store().open()) {
            assertThatThrownBy(() -> upload(store, Precondition.none()))
                    .isInstanceOf(io.blobstore.PermissionDeniedException.class);
        }
        assertThat(server.get().names(FakeServer.BUCKET)).isEmpty();
        assertNothingLeftOver();
    }

    @Test
    void anAbortThatFailsIsReported() throws Exception {
        server.get().fault(IS_PART, Fault.xml(403, "AccessDenied", "no"));
        server.get().fault(request -> request.method().equals("DELETE"), Fault.xml(403, "AccessDenied", "nor that"));
        try (BlobStore store = server.store().open()) {
            BlobStoreException problem =
                    catchThrowableOfType(BlobStoreException.class, () -> upload(store, Precondition.none()));

            assertThat(problem.getSuppressed())
                    .anySatisfy(suppressed -> assertThat(suppressed).hasMessageContaining("nor that"));
        }
    }

    // ---- parts

    @Test
    void oneRequestInTenIsRefusedAndTheContentArrives() throws Exception {
        Random random = new Random(7);
        Fault[] faults = IntStream.range(0, 400)
                .mapToObj(
                        i -> random.nextInt(10) == 0 ? Fault.xml(503, "ServiceUnavailable", "try again") : Fault.none())
                .toArray(Fault[]::new);
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
    void everyFaultThatPassesIsTriedAgain() throws Exception {
        for (Fault fault : List.of(
                Fault.xml(408, "RequestTimeout", "slow"),
                Fault.xml(429, "SlowDown", "slow down", "Retry-After: 0"),
                Fault.xml(500, "InternalError", "oops"),
                Fault.answer(502, "<html>bad gateway</html>"),
                Fault.disconnect(),
                Fault.loseAnswer())) {
            server.get().fault(IS_PART, fault);
            try (BlobStore store = server.store().open()) {
                upload(store, Precondition.none());
            }
            assertStored();
        }
    }

    @Test
    void theServersWishForPatienceIsKnown() throws Exception {
        server.get().fault(request -> true, Fault.xml(503, "SlowDown", "slow down", "Retry-After: 7"));
        try (BlobStore store = server.store().open()) {
            io.blobstore.ThrottledException problem = catchThrowableOfType(
                    io.blobstore.ThrottledException.class, () -> store.store(KEY, BlobSource.of()));

            assertThat(problem.retryAfter()).contains(java.time.Duration.ofSeconds(7));
        }
    }

    // ---- completion

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCompletionWhoseAnswerIsLostHasHappened(boolean conditional) throws Exception {
        for (Fault fault :
                List.of(Fault.loseAnswer(), Fault.cutAnswer(), Fault.errorInSuccess("InternalError", "try again"))) {
            server.get().fault(IS_COMPLETION, fault);
            try (BlobStore store = server.store().open()) {
                store.delete(KEY);
                StoredBlob stored = upload(store, conditional ? Precondition.ifAbsent() : Precondition.none());

                assertThat(stored.version()).isEqualTo(store.head(KEY).version());
            }
            assertStored();
        }
    }

    @Test
    void anAnswerThatTellsNeitherHashNorGenerationIsAskedFor() throws Exception {
        server.get().omitHashOfCompletion(true);
        server.get().omitGenerationOfCompletion(true);
        try (BlobStore store = server.store().open()) {
            StoredBlob stored = upload(store, Precondition.none());

            assertThat(stored.version()).isEqualTo(store.head(KEY).version());
            assertThat(stored.checksum()).contains(Crc32c.of(ByteBuffer.wrap(CONTENT)));
        }
        assertStored();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anObjectThatIsNotWhatWasSentIsRemoved(boolean conditional) throws Exception {
        server.get().fault(IS_COMPLETION, Fault.wrongHash());
        try (BlobStore store = server.store().open()) {
            assertThatThrownBy(() -> upload(store, conditional ? Precondition.ifAbsent() : Precondition.none()))
                    .isInstanceOf(IntegrityException.class)
                    .hasMessageContaining("it is removed");
        }
        assertThat(server.get().names(FakeServer.BUCKET)).isEmpty();
        assertNothingLeftOver();
    }

    // ---- keys

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aKmsKeyAndAStorageClassAreKeptWithAndWithoutACondition(boolean conditional) throws Exception {
        String key = "projects/p/locations/l/keyRings/r/cryptoKeys/k";
        try (BlobStore store = server.store()
                .encryption(GcsEncryption.kms(key))
                .storageClass("NEARLINE")
                .open()) {
            upload(store, conditional ? Precondition.ifAbsent() : Precondition.none());
        }
        assertStored();
        assertThat(server.get().object(FakeServer.BUCKET, KEY.toString())).hasValueSatisfying(object -> {
            assertThat(object.storageClass()).isEqualTo("NEARLINE");
            assertThat(object.kmsKeyName()).contains(key);
        });
    }

    // ---- conditions

    @Test
    void whatCameInBetweenIsNotOverwritten() throws Exception {
        byte[] others = {1, 2, 3};
        for (Precondition condition : List.of(Precondition.ifAbsent(), Precondition.none())) {
            try (BlobStore store = server.store().open()) {
                Precondition used = condition;
                if (condition == Precondition.none()) {
                    used = Precondition.ifMatch(store.head(KEY).version());
                    store.store(KEY, BlobSource.of(ByteBuffer.wrap(new byte[] {9})));
                } else {
                    store.store(KEY, BlobSource.of(ByteBuffer.wrap(others)));
                }
                Precondition wanted = used;
                assertThatThrownBy(() -> upload(store, wanted)).isInstanceOf(PreconditionFailedException.class);
            }
            assertThat(server.get().object(FakeServer.BUCKET, KEY.toString()))
                    .hasValueSatisfying(object -> assertThat(object.content())
                            .isEqualTo(condition == Precondition.none() ? new byte[] {9} : others));
            assertNothingLeftOver();
        }
    }

    @Test
    void aPublicationWhoseAnswerIsLostHasHappened() throws Exception {
        server.get().fault(IS_REWRITE, Fault.loseAnswer());
        try (BlobStore store = server.store().open()) {
            StoredBlob stored = upload(store, Precondition.ifAbsent());

            assertThat(stored.version()).isEqualTo(store.head(KEY).version());
            assertThatThrownBy(() -> upload(store, Precondition.ifAbsent()))
                    .isInstanceOf(BlobAlreadyExistsException.class);
        }
        assertStored();
    }

    @Test
    void aConditionalStoreWhoseAnswerIsLostHasHappened() throws Exception {
        for (Fault fault : List.of(Fault.loseAnswer(), Fault.cutAnswer())) {
            server.get().fault(request -> request.target().startsWith("/upload/"), fault);
            try (BlobStore store = server.store().open()) {
                store.delete(KEY);
                StoredBlob stored = store.store(
                        KEY,
                        BlobSource.of(ByteBuffer.wrap(CONTENT)),
                        StoreOptions.builder()
                                .precondition(Precondition.ifAbsent())
                                .build());

                assertThat(stored.version()).isEqualTo(store.head(KEY).version());
            }
            assertStored();
        }
    }

    // ---- cancellation

    @Test
    void whatIsHiddenIsRemovedThoughTheThreadIsInterrupted() throws Exception {
        server.get().fault(IS_REWRITE, Fault.json(403, "forbidden", "no"));
        PartLayout layout = new PartLayout(CONTENT.length, PART);
        BlobSource content = BlobSource.of(ByteBuffer.wrap(CONTENT));
        try (BlobStore store = server.store().open();
                MultipartUpload upload = store.createMultipartUpload(
                        KEY,
                        layout,
                        StoreOptions.builder()
                                .precondition(Precondition.ifAbsent())
                                .build())) {
            for (int part = 1; part <= PARTS; part++) {
                upload.uploadPart(part, content.slice(layout.offset(part), layout.length(part)));
            }
            assertThatThrownBy(() -> upload.complete(Crc32c.of(content)))
                    .isInstanceOf(io.blobstore.PermissionDeniedException.class);
            assertThat(server.get().names(FakeServer.BUCKET)).hasSize(1);

            Thread.currentThread().interrupt();
            upload.abort();
            assertThat(Thread.interrupted()).as("put off, and not forgotten").isTrue();
        }
        assertThat(server.get().names(FakeServer.BUCKET)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anUploadThatIsCancelledAtAnyPointLeavesNothing(boolean conditional) throws Exception {
        Path path = Files.write(directory.resolve("cancelled"), CONTENT);
        Random random = new Random(3);
        int cancelled = 0;
        try (BlobStore store = server.store().open();
                ParallelUploader uploader = ParallelUploader.create()) {
            UploadOptions options = UploadOptions.builder()
                    .partSize(PART)
                    .concurrency(2)
                    .store(StoreOptions.builder()
                            .precondition(conditional ? Precondition.ifAbsent() : Precondition.none())
                            .build())
                    .build();
            for (int i = 0; i < 60; i++) {
                MappedFile file = MappedFile.open(path);
                Transfer<StoredBlob> transfer =
                        uploader.upload(store, BlobKey.of("cancelled-" + i), file.region(), options);
                int requests = server.get().requests().size() + random.nextInt(8);
                while (server.get().requests().size() < requests
                        && !transfer.toCompletableFuture().isDone()) {
                    Thread.onSpinWait();
                }
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
}
