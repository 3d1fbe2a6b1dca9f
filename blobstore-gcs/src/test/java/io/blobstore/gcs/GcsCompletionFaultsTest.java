package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.MultipartUpload;
import io.blobstore.Precondition;
import io.blobstore.StoredBlob;
import io.blobstore.gcs.fake.Fault;
import io.blobstore.transfer.RetryPolicy;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong when parts are put together. */
class GcsCompletionFaultsTest extends GcsFaultsBase {
    // ---- completion

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCompletionWhoseAnswerIsLostHasHappened(boolean conditional) throws Exception {
        for (Fault fault :
                List.of(Fault.loseAnswer(), Fault.cutAnswer(), Fault.errorInSuccess("InternalError", "try again"))) {
            server.get().fault(IS_COMPLETION, fault);
            try (BlobStore store = server.store().open()) {
                store.delete(KEY);
                StoredBlob stored = upload(store, condition(conditional));

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
            assertThatThrownBy(() -> upload(store, condition(conditional)))
                    .isInstanceOf(IntegrityException.class)
                    .hasMessageContaining("it is removed");
        }
        assertThat(server.get().names(FakeServer.BUCKET)).isEmpty();
        assertNothingLeftOver();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCompletionThatTheServerDeniesMayHaveHappened(boolean conditional) throws Exception {
        for (Fault fault : List.of(
                Fault.xml(500, "InternalError", "oops"),
                Fault.xml(503, "ServiceUnavailable", "try again"),
                Fault.answer(502, "<html>bad gateway</html>"),
                Fault.answer(504, ""),
                Fault.xml(408, "RequestTimeout", "slow"),
                Fault.xml(200, "InternalError", "try again"),
                Fault.answer(200, ""),
                Fault.answer(200, "<CompleteMultipartUploadResult><ETag>"))) {
            server.get().fault(IS_COMPLETION, Fault.carryingOut(fault));
            try (BlobStore store = server.store().open()) {
                store.delete(KEY);
                StoredBlob stored = upload(store, condition(conditional));

                assertThat(stored.version()).isEqualTo(store.head(KEY).version());
            }
            assertStored();
        }
        assertThat(server.get().faultsLeft()).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCompletionThatFailsForGoodLeavesNothing(boolean conditional) throws Exception {
        server.get()
                .fault(
                        IS_COMPLETION,
                        IntStream.range(0, RetryPolicy.DEFAULT.maxAttempts())
                                .mapToObj(i -> Fault.errorInSuccess("InternalError", "try again"))
                                .toArray(Fault[]::new));
        try (BlobStore store = server.store().open()) {
            assertThatThrownBy(() -> upload(store, condition(conditional)))
                    .isInstanceOf(BlobStoreException.class)
                    .hasMessageContaining("failed to put the parts together (InternalError)");
        }
        assertThat(server.get().faultsLeft()).isZero();
        assertThat(server.get().names(FakeServer.BUCKET)).isEmpty();
        assertNothingLeftOver();
    }

    @Test
    void whatSomebodyElseStoredMeanwhileIsNeitherTakenForOursNorRemoved() throws Exception {
        byte[] others = {1, 2, 3};
        server.get().fault(IS_COMPLETION, Fault.loseAnswer());
        try (BlobStore store = server.store().open()) {
            MultipartUpload upload = sent(store, Precondition.none());
            Crc32c checksum = Crc32c.of(ByteBuffer.wrap(CONTENT));
            assertThatThrownBy(() -> upload.complete(checksum)).isInstanceOf(BlobStoreException.class);
            store.store(KEY, BlobSource.of(ByteBuffer.wrap(others)));

            assertThatThrownBy(() -> upload.complete(checksum)).hasMessageContaining("the upload is gone");
            upload.abort();
        }
        assertThat(server.get().object(FakeServer.BUCKET, KEY.toString()))
                .hasValueSatisfying(object -> assertThat(object.content()).isEqualTo(others));
        assertNothingLeftOver();
    }

    /** The answer to the completion has no checksum, and the object that is looked at then has another one. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anotherObjectIsRemovedOnlyIfItIsOurs(boolean generationTold) throws Exception {
        server.get().omitHashOfCompletion(true);
        server.get().omitGenerationOfCompletion(!generationTold);
        server.get().fault(seen -> seen.method().equals("GET") && seen.isJson(), Fault.wrongHash());
        try (BlobStore store = server.store().open()) {
            assertThatThrownBy(() -> upload(store, Precondition.none()))
                    .isInstanceOf(IntegrityException.class)
                    .hasMessageContaining(generationTold ? "it is removed" : "look at the blob");
        }
        assertThat(server.get().names(FakeServer.BUCKET)).hasSize(generationTold ? 0 : 1);
    }

    @Test
    void anObjectOfAnotherGenerationIsNotOurs() throws Exception {
        server.get().omitHashOfCompletion(true);
        server.get()
                .fault(
                        seen -> seen.method().equals("GET") && seen.isJson(),
                        Fault.answer(
                                200,
                                "{\"bucket\": \"" + FakeServer.BUCKET + "\", \"name\": \"" + KEY
                                        + "\", \"generation\": \"99\", \"size\": \"1\", \"crc32c\": \"AAAAAQ==\"}"));
        try (BlobStore store = server.store().open()) {
            assertThatThrownBy(() -> upload(store, Precondition.none()))
                    .isInstanceOf(IntegrityException.class)
                    .hasMessageContaining("look at the blob");
        }
        assertStored();
    }

    @Test
    void anObjectThatCannotBeLookedAtIsFoundLater() throws Exception {
        server.get().omitHashOfCompletion(true);
        server.get()
                .fault(
                        seen -> seen.method().equals("GET") && seen.isJson(),
                        IntStream.range(0, 4)
                                .mapToObj(i -> Fault.json(503, "backendError", "try again"))
                                .toArray(Fault[]::new));
        try (BlobStore store = server.store().open()) {
            StoredBlob stored = upload(store, Precondition.none());

            assertThat(stored.version()).isEqualTo(store.head(KEY).version());
        }
        assertThat(server.get().faultsLeft()).isZero();
        assertStored();
    }
}
