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
import io.blobstore.ThrottledException;
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

/** Failures of completions. */
class GcsCompletionFaultsTest extends GcsFaultsBase {
    // ---- completion

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCompletionWhoseResponseIsLostCountsAsSuccessful(boolean conditional) throws Exception {
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
    void aMissingHashAndGenerationAreRequested() throws Exception {
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
    void aCorruptObjectIsDeleted(boolean conditional) throws Exception {
        server.get().fault(IS_COMPLETION, GcsFaults.wrongHash());
        try (BlobStore store = server.store().open()) {
            assertThatThrownBy(() -> upload(store, condition(conditional)))
                    .isInstanceOf(IntegrityException.class)
                    .hasMessageContaining("the object is removed");
        }
        assertThat(server.get().names(FakeServer.BUCKET)).isEmpty();
        assertNothingLeftOver();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCompletionThatFailsMayHaveTakenEffect(boolean conditional) throws Exception {
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

    /** The server begins its response before it is done: an error then has the status of a success. */
    @ParameterizedTest
    @ValueSource(strings = {"SlowDown", "ServiceUnavailable", "rateLimitExceeded"})
    void anErrorInASuccessfulResponseMayBeThrottling(String code) throws Exception {
        server.get().fault(IS_COMPLETION, GcsFaults.xml(200, code, "try again"));
        try (BlobStore store = server.store().maxAttempts(1).open();
                MultipartUpload upload = sent(store, Precondition.none())) {
            assertThatThrownBy(() -> upload.complete(Crc32c.of(ByteBuffer.wrap(CONTENT))))
                    .isInstanceOf(ThrottledException.class)
                    .hasMessageContaining(code);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCompletionThatKeepsFailingLeavesNothingOver(boolean conditional) throws Exception {
        server.get()
                .fault(
                        IS_COMPLETION,
                        IntStream.range(0, RetryPolicy.DEFAULT.maxAttempts())
                                .mapToObj(i -> GcsFaults.xml(200, "InternalError", "try again"))
                                .toArray(ScriptedFault[]::new));
        try (BlobStore store = server.store().open()) {
            assertThatThrownBy(() -> upload(store, condition(conditional)))
                    .isInstanceOf(BlobStoreException.class)
                    .hasMessageContaining("failed to assemble the parts (InternalError)");
        }
        assertThat(server.get().faultsLeft()).isZero();
        assertThat(server.get().names(FakeServer.BUCKET)).isEmpty();
        assertNothingLeftOver();
    }

    @Test
    void theBlobOfAnotherWriterIsNeitherReturnedNorDeleted() throws Exception {
        byte[] others = {1, 2, 3};
        server.get().fault(IS_COMPLETION, ScriptedFault.loseResponse());
        try (BlobStore store = server.store().maxAttempts(1).open()) {
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

    /** The response to the completion has no checksum, and the object has another checksum than the content. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aDifferentObjectIsDeletedOnlyIfItIsOfTheUpload(boolean generationReported) throws Exception {
        server.get()
                .fault(IS_COMPLETION, GcsFaults.omitting("x-goog-hash", generationReported ? "" : "x-goog-generation"));
        server.get().fault(seen -> seen.method().equals("GET") && FakeGcs.isJson(seen), GcsFaults.wrongHash());
        try (BlobStore store = server.store().open()) {
            assertThatThrownBy(() -> upload(store, Precondition.none()))
                    .isInstanceOf(IntegrityException.class)
                    .hasMessageContaining(generationReported ? "the object is removed" : "check the blob");
        }
        assertThat(server.get().names(FakeServer.BUCKET)).hasSize(generationReported ? 0 : 1);
    }

    @Test
    void anObjectOfAnotherGenerationIsNotDeleted() throws Exception {
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
                    .hasMessageContaining("check the blob");
        }
        assertStored();
    }

    @Test
    void anObjectWhoseMetadataCannotBeReadIsFoundLater() throws Exception {
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
