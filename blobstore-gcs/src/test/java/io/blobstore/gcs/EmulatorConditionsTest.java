package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.cloud.NoCredentials;
import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.Storage.BlobTargetOption;
import com.google.cloud.storage.Storage.CopyRequest;
import com.google.cloud.storage.StorageException;
import com.google.cloud.storage.StorageOptions;
import io.blobstore.StoreUri;
import io.blobstore.contract.Campaign;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** Measures with the SDK which conditions fake-gcs-server enforces, as the documentation says. */
@Campaign(representedBy = IgnoredConditionsTest.class)
@EnabledIfEnvironmentVariable(named = "BLOBSTORE_TEST_GCS_SERVER", matches = "fake-gcs-server")
class EmulatorConditionsTest {
    private static final String OLD = "old";
    private static final String NEW = "new";

    private final StoreUri uri = StoreUri.parse(System.getenv("BLOBSTORE_TEST_GCS_URI"));
    private final BlobId object = BlobId.of(uri.authority().orElseThrow(), "conditions-" + UUID.randomUUID());
    private final BlobId source = BlobId.of(object.getBucket(), object.getName() + "-source");

    /** Sends a conditional request that stores {@link #NEW}. */
    private interface Request {
        void send(Storage client, BlobTargetOption condition);
    }

    @Test
    void fakeGcsServerEnforcesConditionsOfUploadsAndNotOfRewrites() throws Exception {
        BlobInfo target = BlobInfo.newBuilder(object).build();
        Request upload = (client, condition) -> client.create(target, bytes(NEW), condition);
        Request rewrite = (client, condition) -> client.copy(CopyRequest.newBuilder()
                        .setSource(source)
                        .setTarget(target, condition)
                        .build())
                .getResult();
        try (Storage client = StorageOptions.http()
                .setHost(uri.parameters().get("endpoint"))
                .setProjectId("none")
                .setCredentials(NoCredentials.getInstance())
                .build()
                .getService()) {
            for (BlobTargetOption condition :
                    new BlobTargetOption[] {BlobTargetOption.doesNotExist(), BlobTargetOption.generationMatch(1)}) {
                assertThat(isEnforced(client, upload, condition)).isTrue();
                assertThat(isEnforced(client, rewrite, condition)).isFalse();
            }
        }
    }

    private boolean isEnforced(Storage client, Request request, BlobTargetOption condition) {
        client.create(BlobInfo.newBuilder(object).build(), bytes(OLD));
        client.create(BlobInfo.newBuilder(source).build(), bytes(NEW));
        boolean refused = false;
        try {
            request.send(client, condition);
        } catch (StorageException e) {
            assertThat(e.getCode()).as("%s", e.getMessage()).isEqualTo(412);
            refused = true;
        }
        String now = new String(client.readAllBytes(object), StandardCharsets.UTF_8);
        client.delete(object, source);
        assertThat(now).isEqualTo(refused ? OLD : NEW);
        return refused;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
