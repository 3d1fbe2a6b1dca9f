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
import io.blobstore.gcs.fake.FakeGcs;
import io.blobstore.gcs.fake.GcsFaults;
import io.blobstore.http.ScriptedFault;
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
        for (ScriptedFault fault : List.of(
                ScriptedFault.loseResponse(),
                ScriptedFault.cutResponse(),
                GcsFaults.xml(200, "InternalError", "try again"))) {
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
        server.get().fault(IS_COMPLETION, GcsFaults.omitting("x-goog-hash", "x-goog-generation"));
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
        server.get().fault(IS_COMPLETION, GcsFaults.wrongHash());
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
        for (ScriptedFault fault : List.of(
                GcsFaults.xml(500, "InternalError", "oops"),
                GcsFaults.xml(503, "ServiceUnavailable", "try again"),
                ScriptedFault.respond(502, "<html>bad gateway</html>"),
                ScriptedFault.respond(504, ""),
                GcsFaults.xml(408, "RequestTimeout", "slow"),
                GcsFaults.xml(200, "InternalError", "try again"),
                ScriptedFault.respond(200, ""),
                ScriptedFault.respond(200, "<CompleteMultipartUploadResult><ETag>"))) {
            server.get().fault(IS_COMPLETION, ScriptedFault.afterHandling(fault));
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
                                .mapToObj(i -> GcsFaults.xml(200, "InternalError", "try again"))
                                .toArray(ScriptedFault[]::new));
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
        server.get().fault(IS_COMPLETION, ScriptedFault.loseResponse());
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
    void anotherObjectIsRemovedOnlyIfItIsOurs(boolean generationReported) throws Exception {
        server.get()
                .fault(IS_COMPLETION, GcsFaults.omitting("x-goog-hash", generationReported ? "" : "x-goog-generation"));
        server.get().fault(seen -> seen.method().equals("GET") && FakeGcs.isJson(seen), GcsFaults.wrongHash());
        try (BlobStore store = server.store().open()) {
            assertThatThrownBy(() -> upload(store, Precondition.none()))
                    .isInstanceOf(IntegrityException.class)
                    .hasMessageContaining(generationReported ? "it is removed" : "look at the blob");
        }
        assertThat(server.get().names(FakeServer.BUCKET)).hasSize(generationReported ? 0 : 1);
    }

    @Test
    void anObjectOfAnotherGenerationIsNotOurs() throws Exception {
        server.get().fault(IS_COMPLETION, GcsFaults.omitting("x-goog-hash"));
        server.get()
                .fault(
                        seen -> seen.method().equals("GET") && FakeGcs.isJson(seen),
                        ScriptedFault.respond(
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
        server.get().fault(IS_COMPLETION, GcsFaults.omitting("x-goog-hash"));
        server.get()
                .fault(
                        seen -> seen.method().equals("GET") && FakeGcs.isJson(seen),
                        IntStream.range(0, 4)
                                .mapToObj(i -> GcsFaults.json(503, "backendError", "try again"))
                                .toArray(ScriptedFault[]::new));
        try (BlobStore store = server.store().open()) {
            StoredBlob stored = upload(store, Precondition.none());

            assertThat(stored.version()).isEqualTo(store.head(KEY).version());
        }
        assertThat(server.get().faultsLeft()).isZero();
        assertStored();
    }
}
