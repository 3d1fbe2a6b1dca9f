package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.IncompleteUpload;
import io.blobstore.MultipartUpload;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.UploadListing;
import io.blobstore.gcs.fake.GcsFaults;
import io.blobstore.http.ScriptedFault;
import io.blobstore.transfer.RetryPolicy;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Failures of conditional requests, and of the hidden objects of conditional multipart uploads. */
class GcsPublicationFaultsTest extends GcsFaultsBase {
    private static final List<ScriptedFault> SERVER_ERRORS = List.of(
            GcsFaults.json(500, "internalError", "oops"),
            GcsFaults.json(503, "backendError", "try again"),
            ScriptedFault.respond(503, ""),
            ScriptedFault.respond(502, "<html>bad gateway</html>"),
            GcsFaults.json(408, "requestTimeout", "slow"));

    // ---- keys

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theKmsKeyAndTheStorageClassAreUsedWithAndWithoutACondition(boolean conditional) throws Exception {
        String key = "projects/p/locations/l/keyRings/r/cryptoKeys/k";
        try (BlobStore store = server.store()
                .encryption(GcsEncryption.kms(key))
                .storageClass("NEARLINE")
                .open()) {
            upload(store, condition(conditional));
        }
        assertStored();
        assertThat(server.get().object(FakeServer.BUCKET, KEY.toString())).hasValueSatisfying(object -> {
            assertThat(object.attributes().storageClass()).isEqualTo("NEARLINE");
            assertThat(object.attributes().kmsKeyName()).contains(key);
        });
    }

    // ---- conditions

    @Test
    void aBlobThatWasStoredMeanwhileIsNotOverwritten() throws Exception {
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
    void anObjectThatWasNeitherPublishedNorDeletedIsListedAndAborted() throws Exception {
        GcsBlobStore.Builder builder = server.store().prefix("p/");
        server.get().fault(IS_REWRITE, GcsFaults.json(403, "forbidden", "no"));
        try (BlobStore store = builder.open()) {
            MultipartUpload upload = sent(store, Precondition.ifAbsent());
            assertThatThrownBy(() -> upload.complete(Crc32c.of(ByteBuffer.wrap(CONTENT))))
                    .isInstanceOf(BlobStoreException.class);
            try (UploadListing listing = store.listUploads("some")) {
                IncompleteUpload left = listing.next();
                assertThat(left.key()).isEqualTo(KEY);
                assertThat(left.id())
                        .startsWith(upload.id().replaceFirst("[^/]*$", "").replaceFirst("/$", "#"));
                assertThat(left.initiated()).isPresent();
                assertThat(listing.hasNext()).isFalse();

                store.abortUpload(left.key(), left.id());
                store.abortUpload(left.key(), left.id());
            }
            assertThat(server.get().names(FakeServer.BUCKET)).isEmpty();
        }
    }

    @Test
    void aPublicationWhoseResponseIsLostCountsAsSuccessful() throws Exception {
        server.get().fault(IS_REWRITE, ScriptedFault.loseResponse());
        try (BlobStore store = server.store().open()) {
            StoredBlob stored = upload(store, Precondition.ifAbsent());

            assertThat(stored.version()).isEqualTo(store.head(KEY).version());
            assertThatThrownBy(() -> upload(store, Precondition.ifAbsent()))
                    .isInstanceOf(BlobAlreadyExistsException.class);
        }
        assertStored();
    }

    @Test
    void aConditionalStoreWhoseResponseIsLostCountsAsSuccessful() throws Exception {
        for (ScriptedFault fault : List.of(ScriptedFault.loseResponse(), ScriptedFault.cutResponse())) {
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

    @Test
    void aPublicationThatFailsMayHaveTakenEffect() throws Exception {
        for (ScriptedFault fault : SERVER_ERRORS) {
            server.get().fault(IS_REWRITE, ScriptedFault.afterHandling(fault));
            try (BlobStore store = server.store().open()) {
                store.delete(KEY);
                StoredBlob stored = upload(store, Precondition.ifAbsent());

                assertThat(stored.version()).isEqualTo(store.head(KEY).version());
            }
            assertStored();
        }
        assertThat(server.get().faultsLeft()).isZero();
    }

    @Test
    void aConditionalStoreThatFailsMayHaveTakenEffect() throws Exception {
        StoreOptions ifAbsent =
                StoreOptions.builder().precondition(Precondition.ifAbsent()).build();
        for (ScriptedFault fault : SERVER_ERRORS) {
            server.get().fault(request -> request.target().startsWith("/upload/"), ScriptedFault.afterHandling(fault));
            try (BlobStore store = server.store().open()) {
                store.delete(KEY);
                StoredBlob stored = store.store(KEY, BlobSource.of(ByteBuffer.wrap(CONTENT)), ifAbsent);

                assertThat(stored.version()).isEqualTo(store.head(KEY).version());
            }
            assertStored();
        }
        assertThat(server.get().faultsLeft()).isZero();
    }

    /** A throttled request did not take effect, so its blob is not requested. */
    @Test
    void aThrottledConditionalStoreHasNotTakenEffect() throws Exception {
        server.get()
                .fault(
                        request -> request.target().startsWith("/upload/"),
                        GcsFaults.json(429, "rateLimitExceeded", "slow"));
        try (BlobStore store = server.store().open()) {
            assertThatThrownBy(() -> store.store(
                            KEY,
                            BlobSource.of(ByteBuffer.wrap(CONTENT)),
                            StoreOptions.builder()
                                    .precondition(Precondition.ifAbsent())
                                    .build()))
                    .isInstanceOf(io.blobstore.ThrottledException.class);
        }
        assertThat(server.get().requests()).hasSize(1);
    }

    @Test
    void aPublicationThatKeepsFailingLeavesNothingOver() throws Exception {
        server.get()
                .fault(
                        IS_REWRITE,
                        IntStream.range(0, RetryPolicy.DEFAULT.maxAttempts())
                                .mapToObj(i -> GcsFaults.json(500, "internalError", "oops"))
                                .toArray(ScriptedFault[]::new));
        try (BlobStore store = server.store().open()) {
            assertThatThrownBy(() -> upload(store, Precondition.ifAbsent()))
                    .isInstanceOf(BlobStoreException.class)
                    .hasMessageContaining("oops");
        }
        assertThat(server.get().faultsLeft()).isZero();
        assertThat(server.get().names(FakeServer.BUCKET)).isEmpty();
        assertNothingLeftOver();
    }

    @Test
    void aPublicationInStepsIsRestartedWhenAStepFails() throws Exception {
        server.get().rewriteInStepsOf(PART);
        server.get()
                .fault(
                        IS_REWRITE,
                        ScriptedFault.none(),
                        GcsFaults.json(500, "internalError", "oops"),
                        ScriptedFault.none());
        server.get().fault(IS_REWRITE, ScriptedFault.disconnect());
        try (BlobStore store = server.store().storageClass("NEARLINE").open()) {
            upload(store, Precondition.ifAbsent());
        }
        assertThat(server.get().faultsLeft()).isZero();
        assertStored();
    }

    @Test
    void aHiddenObjectThatCannotBeDeletedDoesNotFailTheUpload() throws Exception {
        server.get()
                .fault(
                        request -> request.method().equals("DELETE"),
                        GcsFaults.json(403, "forbidden", "objects are kept for a year"));
        try (BlobStore store = server.store().open()) {
            StoredBlob stored = upload(store, Precondition.ifAbsent());

            assertThat(stored.version()).isEqualTo(store.head(KEY).version());
            assertThat(server.get().names(FakeServer.BUCKET))
                    .as("it is left over")
                    .hasSize(2);
            try (io.blobstore.BlobListing listing = store.list(io.blobstore.ListOptions.DEFAULT)) {
                listing.next();
                assertThat(listing.hasNext()).as("and not listed").isFalse();
            }
        }
    }
}
