package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.PresignOptions;
import io.blobstore.PresignedUrl;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.Endpoint;
import io.blobstore.http.HttpClient;
import io.blobstore.http.HttpHeaders;
import io.blobstore.http.HttpRequest;
import io.blobstore.http.HttpResponse;
import io.blobstore.http.ResponseHandler;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Presigned URLs, used by a client without credentials against a server that checks signatures. */
@ExtendWith(LeakCheck.class)
class GcsPresigningTest {
    private static final BlobKey KEY = BlobKey.of("some/ob ject+ä");
    private static final Duration VALIDITY = Duration.ofMinutes(5);

    @RegisterExtension
    final FakeServer server = FakeServer.plain();

    private static HttpResponse send(
            PresignOptions.Method method, URI url, Map<String, List<String>> fields, Optional<String> content)
            throws IOException {
        HttpHeaders.Builder headers = HttpHeaders.builder();
        fields.forEach((name, values) -> values.forEach(value -> headers.add(name, value)));
        String target = url.getRawPath()
                + Optional.ofNullable(url.getRawQuery())
                        .map(query -> "?" + query)
                        .orElse("");
        Optional<BlobSource> body =
                content.map(text -> BlobSource.of(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8))));
        try (HttpClient client = HttpClient.builder().build()) {
            return client.newCall(
                            new HttpRequest(method.name(), Endpoint.of(url), target, headers.build(), body, false))
                    .execute(ResponseHandler.KEEP);
        }
    }

    private static HttpResponse get(URI url, Map<String, List<String>> fields) throws IOException {
        return send(PresignOptions.Method.GET, url, fields, Optional.empty());
    }

    private static String text(HttpResponse response) {
        return new String(response.body().bytes(), StandardCharsets.UTF_8);
    }

    @Test
    void presignedUrlsNeedNoTokenAndAreValidAsSignedOnly() throws IOException {
        server.get().requireToken("token");
        try (BlobStore store = server.store().storageClass("NEARLINE").open()) {
            PresignedUrl put = store.presign(KEY, PresignOptions.put(VALIDITY));
            Optional<String> content = Optional.of("text");
            assertThat(text(send(put.method(), put.url(), Map.of(), content))).contains("MalformedSecurityHeader");
            assertThat(send(put.method(), put.url(), put.headers(), content).status())
                    .isEqualTo(200);
            assertThat(server.get().object(FakeServer.BUCKET, KEY.toString())).hasValueSatisfying(object -> {
                assertThat(object.content()).asString().isEqualTo("text");
                assertThat(object.attributes().storageClass()).isEqualTo("NEARLINE");
            });

            PresignOptions replacing = PresignOptions.builder()
                    .validity(VALIDITY)
                    .responseContentType("text/csv")
                    .responseContentDisposition("attachment; filename=\"a b.csv\"")
                    .build();
            HttpResponse replaced = get(store.presign(KEY, replacing).url(), Map.of());
            assertThat(replaced.header("Content-Type")).contains("text/csv");
            assertThat(replaced.header("Content-Disposition")).contains("attachment; filename=\"a b.csv\"");

            URI get = store.presign(KEY, PresignOptions.get(VALIDITY)).url();
            assertThat(text(get(get, Map.of()))).isEqualTo("text");
            assertThat(text(get(get, Map.of("Range", List.of("bytes=1-2"))))).isEqualTo("ex");
            assertThat(text(get(URI.create(get.toString().replace("/some/", "/other/")), Map.of())))
                    .contains("SignatureDoesNotMatch");
            assertThat(text(get(get, Map.of("x-goog-if-generation-match", List.of("1")))))
                    .contains("MalformedSecurityHeader");
            assertThat(get(get.resolve(get.getRawPath()), Map.of()).status()).isEqualTo(401);
            server.get().useClock(Clock.offset(Clock.systemUTC(), VALIDITY.plusMinutes(1)));
            assertThat(text(get(get, Map.of()))).contains("ExpiredToken");
        }
    }
}
