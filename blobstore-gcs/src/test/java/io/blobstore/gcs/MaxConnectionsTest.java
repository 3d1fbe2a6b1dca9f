package io.blobstore.gcs;

import com.google.cloud.NoCredentials;
import io.blobstore.StoreUri;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedBound;
import io.blobstore.http.ScriptedServer.Script;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The limit on connections applies to the requests of the data plane and of the SDK together. */
@ExtendWith(LeakCheck.class)
class MaxConnectionsTest {
    private static final Script OBJECT = Script.responding(
            200,
            "{\"name\": \"some-blob\", \"bucket\": \"some-bucket\", \"generation\": \"1\", \"size\": \"100\","
                    + " \"updated\": \"2026-01-01T00:00:00Z\"}",
            "Content-Type: application/json");

    @Test
    void theLimitInTheUriIsKept() throws Exception {
        ScriptedBound.assertKept(
                endpoint -> GcsBlobStoreProvider.builder(
                                StoreUri.parse("gs://some-bucket?maxConnections=1&endpoint=" + endpoint))
                        .credentials(NoCredentials.getInstance())
                        .open(),
                OBJECT,
                OBJECT);
    }
}
