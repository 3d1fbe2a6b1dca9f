package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.PresignOptions;
import io.blobstore.http.HttpClient;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/** The valid and invalid parameters of {@code s3:} URIs, and the URLs of blobs. */
class S3UriTest {
    @Test
    void everyParameterIsKnown() throws IOException {
        try (BlobStore store = BlobStores.open("s3://some-bucket?region=eu-central-1&endpoint=http://127.0.0.1:1"
                + "&pathStyle=true&prefix=a/&checksums=none&payloadSigning=signed&storageClass=STANDARD_IA"
                + "&sse=kms:alias/some&requesterPays=true&expectContinue=false&maxConnections=4"
                + "&maxAttempts=3&connectTimeout=500ms&stallTimeout=20s&answerTimeout=1h&nativeConditions=true")) {
            assertThat(store).isInstanceOf(S3BlobStore.class);
            assertThat(store.toString()).isEqualTo("s3://some-bucket?prefix=a/&endpoint=http://127.0.0.1:1");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "s3://some-bucket?regoin=x | unknown parameter",
                "s3:///?region=x | names a bucket",
                "s3://some-bucket/dir?region=x | prefix=dir",
                "s3://ab?region=x | a bucket's name",
                "s3://Some-Bucket?region=x | a bucket's name",
                "s3://some_bucket?region=x | a bucket's name",
                "s3://some..bucket?region=x | a bucket's name",
                "s3://-bucket?region=x | a bucket's name",
                "s3://some--x-s3?region=x | S3 Express",
                "s3://some-bucket?region=EU | a region",
                "s3://some-bucket?region=a.b | a region",
                "s3://some-bucket?endpoint=127.0.0.1 | endpoint",
                "s3://some-bucket?endpoint=ftp://127.0.0.1 | endpoint",
                "s3://some-bucket?endpoint=http://u:p@127.0.0.1 | endpoint",
                "s3://some-bucket?pathStyle=yes | 'true' or 'false'",
                "s3://some-bucket?nativeConditions=no | 'true' or 'false'",
                "s3://some-bucket?checksums=md5 | [crc32c, none]",
                "s3://some-bucket?payloadSigning=maybe | [unsigned, signed]",
                "s3://some-bucket?storageClass=cold | storage class",
                "s3://some-bucket?sse=c | 'kms'",
                "s3://some-bucket?sse=kms: | KMS key id",
                "s3://some-bucket?maxConnections=0 | a whole number from 1",
                "s3://some-bucket?maxConnections=-1 | a whole number from 1",
                "s3://some-bucket?maxConnections=many | a whole number from 1",
                "s3://some-bucket?maxConnections= | a whole number from 1",
                "s3://some-bucket?maxAttempts=0 | a whole number from 1",
                "s3://some-bucket?maxAttempts=101 | from 1 to 100",
                "s3://some-bucket?connectTimeout=10 | a whole number and a unit",
                "s3://some-bucket?stallTimeout=0s | from 1ms to 24h",
                "s3://some-bucket?answerTimeout=25h | from 1ms to 24h",
                "s3://some-bucket?answerTimeout=forever | a whole number and a unit",
                "s3://some-bucket?secretKey=x | credentials"
            })
    void anInvalidUriIsExplained(String uri, String words) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BlobStores.open(uri).close())
                .withMessageContaining(words)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n", "u:p@"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"arn:aws:s3:::some-bucket", "a", "abc.", "x..y", "a/b"})
    void anInvalidBucketNameIsRefused(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        S3BlobStore.builder(name).region("us-east-1").open().close());
    }

    @ParameterizedTest
    @CsvSource({
        "some-bucket, , , , https://some-bucket.s3.eu-west-3.amazonaws.com/",
        "some.bucket, , , , https://s3.eu-west-3.amazonaws.com/some.bucket/",
        "some-bucket, , true, , https://s3.eu-west-3.amazonaws.com/some-bucket/",
        "some-bucket, http://localhost:9000, true, , http://localhost:9000/some-bucket/",
        "some-bucket, http://localhost:9000, false, , http://some-bucket.localhost:9000/",
        "some-bucket, http://localhost:9000/base, true, , http://localhost:9000/base/some-bucket/",
        "some-bucket, https://127.0.0.1, , , https://127.0.0.1/some-bucket/",
        "some-bucket, http://127.0.0.1:443, , x/, http://127.0.0.1:443/some-bucket/x/"
    })
    void urlsAreThoseOfTheSdk(String bucket, String endpoint, Boolean pathStyle, String prefix, String url)
            throws IOException {
        S3BlobStore.Builder builder =
                S3BlobStore.builder(bucket).region("eu-west-3").credentials(AnonymousCredentialsProvider.create());
        if (endpoint != null) {
            builder.endpoint(URI.create(endpoint));
        }
        if (pathStyle != null) {
            builder.pathStyle(pathStyle);
        }
        if (prefix != null) {
            builder.prefix(prefix);
        }
        try (BlobStore store = builder.open()) {
            assertThat(store.presign(BlobKey.of("k"), get()).url().toString()).startsWith(url + "k");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "a/b, a/b",
        "a//b, a//b",
        "/a, /a",
        "., .",
        "a/../b, a/../b",
        "a+b, a%2Bb",
        "'a b', a%20b",
        "a%20b, a%2520b",
        "'a?b#c&d=e', a%3Fb%23c%26d%3De",
        "é~_-., %C3%A9~_-.",
        "*, %2A"
    })
    void keysAreEncodedAndNotNormalised(String key, String encoded) throws IOException {
        try (BlobStore store = anonymous("some-bucket").open()) {
            assertThat(store.presign(BlobKey.of(key), get()).url().getRawPath()).isEqualTo("/some-bucket/" + encoded);
        }
    }

    private static S3BlobStore.Builder anonymous(String bucket) {
        return S3BlobStore.builder(bucket)
                .endpoint(URI.create("http://127.0.0.1:1"))
                .credentials(AnonymousCredentialsProvider.create());
    }

    private static PresignOptions get() {
        return PresignOptions.get(Duration.ofMinutes(1));
    }

    @Test
    void aClientExcludesItsOwnSettings() {
        try (S3Client client = client()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> S3BlobStore.builder("some-bucket")
                            .client(client)
                            .region("us-east-1")
                            .open()
                            .close());
        }
    }

    @Test
    void aClientStaysOpenWhenItsStoreIsClosed() throws IOException {
        try (S3Client client = client()) {
            S3BlobStore store =
                    S3BlobStore.builder("some-bucket").client(client).open();
            store.close();

            assertThatIllegalStateException().isThrownBy(() -> store.head(BlobKey.of("k")));
            assertThat(client.utilities().getUrl(url -> url.bucket("b-b-b").key("k")))
                    .hasHost("b-b-b.s3.amazonaws.com");
        }
    }

    private static S3Client client() {
        return S3Client.builder()
                .region(Region.US_EAST_1)
                .credentialsProvider(AnonymousCredentialsProvider.create())
                .httpClient(new SdkHttpClientAdapter(HttpClient.builder().build()))
                .build();
    }

    @Test
    void aCustomerKeyIsNotSentOverPlainHttp() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> anonymous("some-bucket")
                        .encryption(S3Encryption.customerKey(new byte[32]))
                        .open()
                        .close())
                .withMessageContaining("use https");
    }

    @Test
    void urlsArePresignedForAWeekAtMost() throws IOException {
        try (BlobStore store = anonymous("some-bucket").open()) {
            for (Duration validity : new Duration[] {Duration.ofDays(7).plusSeconds(1), Duration.ofMillis(1)}) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> store.presign(BlobKey.of("k"), PresignOptions.get(validity)));
            }
        }
    }
}
