package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.cloud.NoCredentials;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageOptions;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.http.HttpClient;
import java.io.IOException;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The valid and invalid parameters of {@code gs:} URIs, and the URLs of objects. */
class GcsUriTest {
    @Test
    void everyParameterIsKnown() throws IOException {
        try (BlobStore store = BlobStores.open("gs://some-bucket?endpoint=http://127.0.0.1:1&project=p&prefix=a/"
                + "&storageClass=NEARLINE&kmsKey=projects/p/locations/l/keyRings/r/cryptoKeys/k&maxConnections=4"
                + "&maxAttempts=3&connectTimeout=500ms&stallTimeout=20s&answerTimeout=1h&nativeConditions=true")) {
            assertThat(store).isInstanceOf(GcsBlobStore.class);
            assertThat(store.toString()).isEqualTo("gs://some-bucket?prefix=a/&endpoint=http://127.0.0.1:1");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "gs://some-bucket?projct=x | unknown parameter",
                "gs:///?project=x | names a bucket",
                "gs://some-bucket/dir | prefix=dir",
                "gs://ab | a bucket's name",
                "gs://Some-Bucket | a bucket's name",
                "gs://-bucket | a bucket's name",
                "gs://some-bucket?endpoint=127.0.0.1 | endpoint",
                "gs://some-bucket?endpoint=ftp://127.0.0.1 | endpoint",
                "gs://some-bucket?endpoint=http://u:p@127.0.0.1 | endpoint",
                "gs://some-bucket?storageClass=cold | storage class",
                "gs://some-bucket?kmsKey=mine | cryptoKeys",
                "gs://some-bucket?maxConnections=0 | a whole number from 1",
                "gs://some-bucket?maxConnections=many | a whole number from 1",
                "gs://some-bucket?nativeConditions=1 | 'true' or 'false'",
                "gs://some-bucket?maxAttempts=0 | a whole number from 1",
                "gs://some-bucket?maxAttempts=101 | from 1 to 100",
                "gs://some-bucket?connectTimeout=10 | a whole number and a unit",
                "gs://some-bucket?stallTimeout=0s | from 1ms to 24h",
                "gs://some-bucket?stallTimeout=-1s | a whole number and a unit",
                "gs://some-bucket?answerTimeout=25h | from 1ms to 24h",
                "gs://some-bucket?answerTimeout=1.5m | a whole number and a unit",
                "gs://some-bucket?answerTimeout=99999999999999999999s | a whole number and a unit",
                "gs://some-bucket?answerTimeout=PT10M | a whole number and a unit",
                "gs://some-bucket?token=x | credentials"
            })
    void anInvalidUriIsExplained(String uri, String words) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BlobStores.open(uri).close())
                .withMessageContaining(words)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n", "u:p@"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:4443", "http://127.0.0.1:4443", "http://127.0.0.1:4443/"})
    void theEmulatorInTheEnvironmentIsUsedWithoutCredentials(String value) throws IOException {
        GcsClientFactory factory = new GcsClientFactory();
        factory.environment = Map.of(GcsClientFactory.EMULATOR, value);
        GcsSettings settings = new GcsSettings("some-bucket", "", Optional.empty(), Optional.empty());

        try (HttpClient http = HttpClient.builder().build();
                GcsClientFactory.Client client = factory.open(settings, Optional.empty(), http)) {
            assertThat(GcsUrls.of(client.client(), "some-bucket").root()).isEqualTo("http://127.0.0.1:4443");
            assertThat(client.client().getOptions().getCredentials()).isEqualTo(NoCredentials.getInstance());
        }
    }

    @Test
    void aCustomerKeyIsNotSentOverPlainHttp() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GcsBlobStore.builder("some-bucket")
                        .endpoint(URI.create("http://127.0.0.1:1"))
                        .encryption(GcsEncryption.customerKey(new byte[32]))
                        .open())
                .withMessageContaining("https");
    }

    /** Disables the metrics and the direct path, which would send requests to the metadata service of a cloud. */
    @Test
    void aClientOverGrpcIsRefused() throws Exception {
        try (Storage client = StorageOptions.grpc()
                .setCredentials(NoCredentials.getInstance())
                .setProjectId("p")
                .setHost("http://127.0.0.1:1")
                .setEnableGrpcClientMetrics(false)
                .setAttemptDirectPath(false)
                .build()
                .getService()) {
            assertThatThrownBy(() ->
                            GcsBlobStore.builder("some-bucket").client(client).open())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("StorageOptions.http()");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "a/b, a/b",
        "a//b, a//b",
        "/a, /a",
        "a/../b, a/../b",
        "a+b, a%2Bb",
        "'a b', a%20b",
        "a%20b, a%2520b",
        "'a?b#c&d=e', a%3Fb%23c%26d%3De",
        "é~_-., %C3%A9~_-.",
        "*, %2A"
    })
    void namesAreEncodedAndNotNormalised(String name, String encoded) {
        assertThat(new GcsUrls("http://h", "b").object(name, Map.of("uploads", "", "x", "a b")))
                .isEqualTo("http://h/b/" + encoded + "?uploads&x=a%20b");
    }
}
