package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.cloud.NoCredentials;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageOptions;
import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobVersion;
import io.blobstore.CopyOptions;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreOptions;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Conditional requests to a server that ignores conditions: a blob is safe only if nothing is sent to replace it. */
class IgnoredConditionsTest extends GcsFaultsBase {
    private static final BlobKey OTHER = BlobKey.of("other-blob");
    private static final List<Precondition> CONDITIONS =
            List.of(Precondition.ifAbsent(), Precondition.ifMatch(new BlobVersion("1")));

    private final byte[] old = {1, 2, 3};

    @BeforeEach
    void ignoreConditions() {
        server.get().ignoreConditions();
    }

    private BlobStore openWithOldBlobs() throws Exception {
        BlobStore store = server.store().nativeConditions(false).open();
        store.store(KEY, BlobSource.of(ByteBuffer.wrap(old)));
        store.store(OTHER, BlobSource.of(ByteBuffer.wrap(new byte[] {4})));
        return store;
    }

    private void assertUnharmed() {
        assertThat(server.get().object(FakeServer.BUCKET, KEY.toString()))
                .hasValueSatisfying(object -> assertThat(object.content()).isEqualTo(old));
        assertNothingLeftOver();
    }

    @Test
    void aPutDoesNotReplaceABlob() throws Exception {
        try (BlobStore store = openWithOldBlobs()) {
            for (Precondition condition : CONDITIONS) {
                assertThatExceptionOfType(PreconditionFailedException.class)
                        .isThrownBy(() -> store.store(
                                KEY,
                                BlobSource.of(ByteBuffer.wrap(CONTENT)),
                                StoreOptions.builder().precondition(condition).build()));
            }
        }
        assertUnharmed();
    }

    @Test
    void anUploadDoesNotReplaceABlob() throws Exception {
        try (BlobStore store = openWithOldBlobs()) {
            for (Precondition condition : CONDITIONS) {
                assertThatExceptionOfType(PreconditionFailedException.class).isThrownBy(() -> upload(store, condition));
            }
        }
        assertUnharmed();
    }

    @Test
    void aCopyDoesNotReplaceABlob() throws Exception {
        try (BlobStore store = openWithOldBlobs()) {
            for (Precondition condition : CONDITIONS) {
                assertThatExceptionOfType(PreconditionFailedException.class)
                        .isThrownBy(() -> store.copy(
                                OTHER,
                                KEY,
                                CopyOptions.builder().precondition(condition).build()))
                        .satisfies(e -> assertThat(e.key()).contains(KEY));
            }
        }
        assertUnharmed();
    }

    @Test
    void aConditionThatHoldsIsSentToo() throws Exception {
        try (BlobStore store = server.store().nativeConditions(false).open()) {
            upload(store, Precondition.ifAbsent());
            assertThatExceptionOfType(BlobAlreadyExistsException.class)
                    .isThrownBy(() -> upload(store, Precondition.ifAbsent()));
        }
        assertThat(server.get().requests())
                .filteredOn(IS_REWRITE)
                .singleElement()
                .satisfies(rewrite -> assertThat(rewrite.target()).contains("ifGenerationMatch=0"));
        assertStored();
    }

    @ParameterizedTest
    @CsvSource({
        "https://storage.googleapis.com, true",
        "https://storage-some.p.googleapis.com/, true",
        "https://storage.googleapis.com.example.com, false",
        "http://127.0.0.1:4443, false"
    })
    void googlesOwnServersEnforceConditions(String host, boolean expected) throws Exception {
        try (Storage client = StorageOptions.http()
                .setCredentials(NoCredentials.getInstance())
                .setProjectId("p")
                .setHost(host)
                .build()
                .getService()) {
            assertThat(new GcsClientFactory.Client(client).isGoogle()).isEqualTo(expected);
        }
    }
}
