package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.cloud.NoCredentials;
import io.blobstore.contract.NullArguments;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tests that each public method of this module names the argument that is null. */
class NullArgumentsTest {
    @Test
    void aNullArgumentIsNamed() throws IOException {
        List<Class<?>> types = NullArguments.publicTypes(GcsBlobStore.class).stream()
                .filter(type -> type.getPackageName().equals("io.blobstore.gcs"))
                .toList();
        GcsBlobStore.Builder builder = GcsBlobStore.builder("bucket")
                .endpoint(URI.create("http://127.0.0.1:1"))
                .credentials(NoCredentials.getInstance())
                .maxAttempts(1);
        try (GcsBlobStore store = builder.open()) {
            assertThat(new NullArguments(store, builder, NoCredentials.getInstance()).unnamed(types))
                    .isEmpty();
        }
    }
}
