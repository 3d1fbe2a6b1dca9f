package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.NullArguments;
import io.blobstore.http.objects.BucketStoreBuilder;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;

/** Tests that each public method of this module names the argument that is null. */
class NullArgumentsTest {
    @Test
    void aNullArgumentIsNamed() throws IOException {
        List<Class<?>> types = new ArrayList<>(NullArguments.publicTypes(S3BlobStore.class));
        types.add(BucketStoreBuilder.class);
        try (S3BlobStore store = S3BlobStore.builder("bucket")
                .region("eu-central-1")
                .endpoint(URI.create("http://127.0.0.1:1"))
                .credentials(AnonymousCredentialsProvider.create())
                .maxAttempts(1)
                .open()) {
            assertThat(new NullArguments(store, S3BlobStore.builder("bucket"), S3Encryption.kms("key")).unnamed(types))
                    .isEmpty();
        }
    }
}
