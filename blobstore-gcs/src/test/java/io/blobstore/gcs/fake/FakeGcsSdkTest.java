package io.blobstore.gcs.fake;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.api.gax.retrying.RetrySettings;
import com.google.cloud.NoCredentials;
import com.google.cloud.storage.Blob;
import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.CopyWriter;
import com.google.cloud.storage.HttpMethod;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.Storage.BlobListOption;
import com.google.cloud.storage.Storage.BlobSourceOption;
import com.google.cloud.storage.Storage.BlobTargetOption;
import com.google.cloud.storage.Storage.CopyRequest;
import com.google.cloud.storage.Storage.SignUrlOption;
import com.google.cloud.storage.StorageException;
import com.google.cloud.storage.StorageOptions;
import io.blobstore.http.ScriptedExchange;
import java.net.URI;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The fake, as the SDK's own client sees it. */
class FakeGcsSdkTest extends FakeGcsTestBase {
    private static final String BUCKET = "some-bucket";
    private static final byte[] CONTENT = "0123456789".getBytes(UTF_8);

    private StorageOptions.Builder options() {
        return StorageOptions.http()
                .setProjectId("some-project")
                .setHost(gcs.endpoint().toString())
                .setCredentials(NoCredentials.getInstance())
                .setRetrySettings(RetrySettings.newBuilder().setMaxAttempts(1).build());
    }

    private Storage client() {
        return options().build().getService();
    }

    private static BlobInfo.Builder info(String name) {
        return BlobInfo.newBuilder(BlobId.of(BUCKET, name));
    }

    @Test
    void objectsAreStoredDescribedReadAndDeleted() {
        Storage client = client();

        Blob stored = client.create(
                info("some/ob ject+ä")
                        .setContentType("text/x")
                        .setMetadata(Map.of("a", "ä"))
                        .build(),
                CONTENT,
                BlobTargetOption.doesNotExist());
        Blob found = client.get(BlobId.of(BUCKET, "some/ob ject+ä"));

        assertThat(found.getGeneration()).isEqualTo(stored.getGeneration());
        assertThat(found.getMetadata()).containsEntry("a", "ä");
        assertThat(found.getCrc32c()).isEqualTo(crc(CONTENT));
        assertThat(found.getUpdateTimeOffsetDateTime()).isNotNull();
        assertThat(client.readAllBytes(found.getBlobId())).isEqualTo(CONTENT);
        assertThat(client.get(BUCKET).getName()).isEqualTo(BUCKET);
        assertThat(client.get("no-bucket")).isNull();
        assertThat(client.get(BUCKET, "other")).isNull();
        assertThat(catchThrowableOfType(
                                StorageException.class,
                                () -> client.create(
                                        info("some/ob ject+ä").build(), CONTENT, BlobTargetOption.doesNotExist()))
                        .getCode())
                .isEqualTo(412);
        assertThat(client.delete(found.getBlobId())).isTrue();
        assertThat(client.delete(found.getBlobId())).isFalse();
    }

    @Test
    void listingsAndBatches() {
        Storage client = client();
        for (String name : List.of("a/1", "a/2", "b", "c")) {
            client.create(info(name).build(), CONTENT);
        }

        assertThat(client.list(BUCKET, BlobListOption.currentDirectory(), BlobListOption.pageSize(1))
                        .iterateAll())
                .extracting(Blob::getName)
                .containsExactly("a/", "b", "c");
        assertThat(client.list(BUCKET, BlobListOption.startOffset("a/2")).iterateAll())
                .extracting(Blob::getName)
                .containsExactly("a/2", "b", "c");
        assertThat(client.delete(List.of(BlobId.of(BUCKET, "a/1"), BlobId.of(BUCKET, "none"), BlobId.of(BUCKET, "c"))))
                .containsExactly(true, false, true);
        assertThat(gcs.names(BUCKET)).containsExactly("a/2", "b");
    }

    @Test
    void copiesKeepMetadataIfTheTargetIsAnId() {
        Storage client = client();
        gcs.rewriteInStepsOf(3);
        Blob source = client.create(
                info("a").setContentType("text/x").setMetadata(Map.of("a", "b")).build(), CONTENT);

        CopyWriter byId = client.copy(CopyRequest.newBuilder()
                .setSource(source.getBlobId())
                .setSourceOptions(BlobSourceOption.generationMatch(source.getGeneration()))
                .setTarget(BlobId.of(BUCKET, "b"), BlobTargetOption.doesNotExist())
                .build());
        Blob byInfo = client.copy(CopyRequest.newBuilder()
                        .setSource(source.getBlobId())
                        .setTarget(info("c").build())
                        .build())
                .getResult();

        assertThat(byId.getResult().getContentType()).isEqualTo("text/x");
        assertThat(byId.getResult().getMetadata()).containsEntry("a", "b");
        assertThat(byInfo.getContentType()).isNull();
        assertThat(byInfo.getMetadata()).isNull();
        assertThat(gcs.object(BUCKET, "b").orElseThrow().content()).isEqualTo(CONTENT);
        assertThat(gcs.requests().stream().filter(request -> request.path().contains("/rewriteTo/")))
                .hasSize(8);
    }

    @Test
    void customerKeys() {
        Storage client = client();
        String key = Base64.getEncoder().encodeToString(new byte[32]);
        String other = Base64.getEncoder().encodeToString("0123456789abcdef0123456789abcdef".getBytes(UTF_8));
        BlobId id = client.create(info("a").build(), CONTENT, BlobTargetOption.encryptionKey(key))
                .getBlobId();

        assertThat(client.readAllBytes(id, BlobSourceOption.decryptionKey(key))).isEqualTo(CONTENT);
        assertThat(client.get(id).getCrc32c()).isNull();
        assertThat(client.get(id, Storage.BlobGetOption.decryptionKey(key)).getCrc32c())
                .isEqualTo(crc(CONTENT));
        assertThat(catchThrowableOfType(StorageException.class, () -> client.readAllBytes(id))
                        .getCode())
                .isEqualTo(400);
        assertThat(catchThrowableOfType(
                                StorageException.class,
                                () -> client.get(id, Storage.BlobGetOption.decryptionKey(other)))
                        .getReason())
                .isEqualTo("customerEncryptionKeyIsIncorrect");
        assertThat(tag(send("GET", "/some-bucket/a"), "Code"))
                .isEqualTo("ResourceIsEncryptedWithCustomerEncryptionKey");
        Blob copy = client.copy(CopyRequest.newBuilder()
                        .setSource(id)
                        .setSourceOptions(BlobSourceOption.decryptionKey(key))
                        .setTarget(BlobId.of(BUCKET, "b"), BlobTargetOption.encryptionKey(other))
                        .build())
                .getResult();
        assertThat(client.readAllBytes(copy.getBlobId(), BlobSourceOption.decryptionKey(other)))
                .isEqualTo(CONTENT);
    }

    @Test
    void anExpiredTokenIsRenewed() {
        FakeCredentials credentials = new FakeCredentials();
        gcs.requireToken("fake-token-1", "fake-token-2");
        Storage client = options().setCredentials(credentials).build().getService();
        client.create(info("a").build(), CONTENT);
        gcs.expire("fake-token-1");

        assertThat(client.get(BUCKET, "a")).isNotNull();
        assertThat(credentials.tokens()).isEqualTo(2);
        assertThat(client.delete(List.of(BlobId.of(BUCKET, "a")))).containsExactly(true);
        assertThat(gcs.requests()).extracting(ScriptedExchange::status).containsExactly(200, 401, 200, 200);
    }

    @Test
    void signedUrls() {
        FakeCredentials credentials = new FakeCredentials();
        gcs.trustSigner(credentials.getAccount(), credentials.publicKey()).requireToken("token");
        Storage client = options().setCredentials(credentials).build().getService();
        String put = sign(client, HttpMethod.PUT, SignUrlOption.withExtHeaders(Map.of("x-goog-meta-a", "b")));
        String get = sign(client, HttpMethod.GET);

        assertThat(put(put, "text").statusCode()).isEqualTo(400);
        HttpResponse<byte[]> stored = put(put, "text", "x-goog-meta-a", "b");
        assertThat(stored.statusCode()).as(text(stored)).isEqualTo(200);
        assertThat(text(send("GET", get))).isEqualTo("text");
        HttpResponse<byte[]> range = send("GET", get, new byte[0], "Range", "bytes=1-2");
        assertThat(text(range)).isEqualTo("ex");
        assertThat(tag(send("GET", get.replace("/some/", "/other/")), "Code")).isEqualTo("SignatureDoesNotMatch");
        assertThat(tag(send("GET", get, new byte[0], "x-goog-if-generation-match", "1"), "Code"))
                .isEqualTo("MalformedSecurityHeader");
        assertThat(send("GET", OBJECT).statusCode()).isEqualTo(401);
        gcs.useClock(Clock.offset(Clock.systemUTC(), Duration.ofMinutes(6)));
        assertThat(tag(send("GET", get), "Code")).isEqualTo("ExpiredToken");
    }

    private String sign(Storage client, HttpMethod method, SignUrlOption... more) {
        List<SignUrlOption> options = new java.util.ArrayList<>(List.of(
                SignUrlOption.withV4Signature(),
                SignUrlOption.withPathStyle(),
                SignUrlOption.withHostName(gcs.endpoint().toString()),
                SignUrlOption.httpMethod(method)));
        options.addAll(List.of(more));
        URI url = URI.create(client.signUrl(
                        info("some/ob ject+ä").build(), 5, TimeUnit.MINUTES, options.toArray(new SignUrlOption[0]))
                .toString());
        return url.getRawPath() + "?" + url.getRawQuery();
    }
}
