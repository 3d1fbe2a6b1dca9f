package io.blobstore.gcs;

import com.google.cloud.http.HttpTransportOptions;
import com.google.cloud.storage.StorageOptions;
import io.blobstore.contract.Campaign;
import io.blobstore.http.HttpClient;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;

/**
 * The contract with a client of the caller. Its transport is the store's own, as the SDK's default keeps connections
 * open until the process ends.
 */
@Campaign(representedBy = GcsContractTest.class)
class GcsCallersClientContractTest extends GcsContractTest {
    private final HttpClient transport = HttpClient.builder().build();

    @Override
    GcsBlobStore.Builder builder() {
        return GcsBlobStore.builder(FakeServer.BUCKET)
                .client(StorageOptions.http()
                        .setHost(server.get().endpoint().toString())
                        .setProjectId("none")
                        .setCredentials(FakeServer.ACCOUNT)
                        .setTransportOptions(HttpTransportOptions.newBuilder()
                                .setHttpTransportFactory(() -> new SdkHttpTransportAdapter(transport))
                                .build())
                        .build()
                        .getService());
    }

    @Override
    @AfterEach
    void deleteBlobs() throws IOException {
        super.deleteBlobs();
        transport.close();
    }
}
