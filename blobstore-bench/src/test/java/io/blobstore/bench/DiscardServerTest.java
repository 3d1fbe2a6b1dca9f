package io.blobstore.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.jr.ob.JSON;
import io.blobstore.Crc32c;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The XML and the JSON API; {@link ClientTest} has the SDKs use them. */
class DiscardServerTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    private static final int SIZE = ServedObject.BLOCK + 1000;
    private static final String JSON_OBJECTS = "/storage/v1/b/bench/o/";
    private static final String JSON_UPLOADS = "/upload/storage/v1/b/bench/o?uploadType=";

    private final HttpClient client = HttpClient.newHttpClient();
    private DiscardServer server;

    @BeforeEach
    void start() throws IOException {
        server = DiscardServer.start(Optional.empty(), SIZE, Conditions.NONE);
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    private HttpResponse<byte[]> send(String method, String target, BodyPublisher body, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + target))
                .version(HttpClient.Version.HTTP_1_1)
                .timeout(TIMEOUT)
                .method(method, body);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), BodyHandlers.ofByteArray());
    }

    private HttpResponse<byte[]> send(String method, String target, String body, String... headers)
            throws IOException, InterruptedException {
        return send(method, target, BodyPublishers.ofString(body), headers);
    }

    private HttpResponse<byte[]> get(String target, String... headers) throws IOException, InterruptedException {
        return send("GET", target, "", headers);
    }

    private static String text(HttpResponse<byte[]> response) {
        return new String(response.body(), StandardCharsets.UTF_8);
    }

    private static String header(HttpResponse<byte[]> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }

    private static Map<String, Object> json(HttpResponse<byte[]> response) throws IOException {
        assertThat(response.statusCode()).isEqualTo(200);
        return JSON.std.mapFrom(response.body());
    }

    private static String checksum(byte[] content) {
        return Crc32c.of(ByteBuffer.wrap(content)).base64();
    }

    private static byte[] content(int size) {
        byte[] content = new byte[size];
        new SplittableRandom(size).nextBytes(content);
        return content;
    }

    private String create(String target) throws IOException, InterruptedException {
        return HandRolledClient.uploadId(
                text(send("POST", target + "?uploads", "", "x-amz-checksum-type", "FULL_OBJECT")));
    }

    private HttpResponse<byte[]> part(String target, String uploadId, int number, byte[] content)
            throws IOException, InterruptedException {
        String query = "?partNumber=" + number + "&uploadId=" + uploadId;
        return send(
                "PUT", target + query, BodyPublishers.ofByteArray(content), "x-amz-checksum-crc32c", checksum(content));
    }

    @Test
    void aMultipartUploadHasTheSizeAndTheChecksumOfTheWhole() throws Exception {
        byte[] content = content(1_000_000);
        byte[] end = Arrays.copyOfRange(content, 700_000, content.length);
        String uploadId = create("/bench/a/b");

        HttpResponse<byte[]> second = part("/bench/a/b", uploadId, 2, end);
        part("/bench/a/b", uploadId, 1, Arrays.copyOf(content, 700_000));
        HttpResponse<byte[]> completed = send("POST", "/bench/a/b?uploadId=" + uploadId, "<CompleteMultipartUpload/>");
        HttpResponse<byte[]> head = send("HEAD", "/bench/a/b", "", "x-amz-checksum-mode", "ENABLED");

        assertThat(header(second, "etag")).isNotEmpty();
        assertThat(header(second, "x-amz-checksum-crc32c")).isEqualTo(checksum(end));
        assertThat(completed.statusCode()).isEqualTo(200);
        assertThat(text(completed))
                .contains("<Bucket>bench</Bucket><Key>a/b</Key>")
                .contains("<ChecksumCRC32C>" + checksum(content) + "</ChecksumCRC32C>");
        assertThat(header(head, "content-length")).isEqualTo("1000000");
        assertThat(header(head, "x-amz-checksum-crc32c")).isEqualTo(checksum(content));
        assertThat(server.traffic("/bench/a/b").received()).isGreaterThanOrEqualTo(content.length);
    }

    @Test
    void wrongChecksumsAndAbortedUploadsAreRefused() throws Exception {
        String uploadId = create("/bench/a");
        part("/bench/a", uploadId, 1, content(10));
        HttpResponse<byte[]> completed =
                send("POST", "/bench/a?uploadId=" + uploadId, "", "x-amz-checksum-crc32c", Crc32c.EMPTY.base64());
        assertThat(completed.statusCode()).isEqualTo(400);
        assertThat(text(completed)).contains("<Code>BadDigest</Code>");

        String aborted = create("/bench/a");
        assertThat(send("DELETE", "/bench/a?uploadId=" + aborted, "").statusCode())
                .isEqualTo(204);
        HttpResponse<byte[]> part = part("/bench/a", aborted, 1, content(10));
        assertThat(part.statusCode()).isEqualTo(404);
        assertThat(text(part)).contains("<Code>NoSuchUpload</Code>");
    }

    @Test
    void chunkedExpectingAndSignedBodiesAreCounted() throws Exception {
        byte[] content = content(300_000);
        BodyPublisher array = BodyPublishers.ofByteArray(content);
        BodyPublisher chunked = BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(content));
        HttpRequest expecting = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + server.port() + "/bench/expecting"))
                .timeout(TIMEOUT)
                .expectContinue(true)
                .PUT(array)
                .build();

        assertThat(send("PUT", "/bench/chunked", chunked).statusCode()).isEqualTo(200);
        assertThat(client.send(expecting, BodyHandlers.discarding()).statusCode())
                .isEqualTo(200);
        assertThat(send("PUT", "/bench/signed", array, "x-amz-decoded-content-length", "299000")
                        .statusCode())
                .isEqualTo(200);

        assertThat(server.traffic("/bench/chunked").received()).isEqualTo(content.length);
        assertThat(server.traffic("/bench/expecting").received()).isEqualTo(content.length);
        assertThat(server.traffic("/bench/signed").received()).isEqualTo(299_000);
    }

    @Test
    void rangesAreThoseOfTheWholeInBothApis() throws Exception {
        byte[] whole = get("/bench/any").body();
        int block = ServedObject.BLOCK;
        assertThat(whole).hasSize(SIZE);
        for (String target : new String[] {
            "/bench/a", "/download" + JSON_OBJECTS + "a?alt=media", JSON_OBJECTS + "a?alt=media&generation=1"
        }) {
            long before = server.traffic("/bench/a").sent();
            HttpResponse<byte[]> all = get(target, "x-amz-checksum-mode", "ENABLED");
            HttpResponse<byte[]> range = get(target, "Range", "bytes=" + (block - 100) + "-" + (block + 99));
            HttpResponse<byte[]> end = get(target, "Range", "bytes=" + (SIZE - 5) + "-");
            HttpResponse<byte[]> beyond = get(target, "Range", "bytes=" + (SIZE - 5) + "-" + 2 * SIZE);
            assertThat(all.statusCode()).isEqualTo(200);
            assertThat(all.body()).isEqualTo(whole);
            assertThat(header(all, "x-goog-hash")).isEqualTo("crc32c=" + checksum(whole));
            assertThat(range.statusCode()).isEqualTo(206);
            assertThat(header(range, "content-range"))
                    .isEqualTo("bytes " + (block - 100) + "-" + (block + 99) + "/" + SIZE);
            assertThat(header(range, "x-amz-checksum-crc32c")).isEmpty();
            assertThat(range.body()).isEqualTo(Arrays.copyOfRange(whole, block - 100, block + 100));
            assertThat(end.body()).isEqualTo(Arrays.copyOfRange(whole, SIZE - 5, SIZE));
            assertThat(beyond.body()).isEqualTo(end.body());
            assertThat(get(target, "Range", "bytes=" + SIZE + "-").statusCode()).isEqualTo(416);
            assertThat(server.traffic("/bench/a").sent() - before).isEqualTo(SIZE + 200 + 5 + 5);
        }
    }

    private HttpResponse<byte[]> insert(String resource, String content) throws IOException, InterruptedException {
        String body = "--b\r\nContent-Type: application/json\r\n\r\n" + resource
                + "\r\n--b\r\nContent-Type: text/plain\r\n\r\n" + content + "\r\n--b--\r\n";
        return send("POST", JSON_UPLOADS + "multipart", body);
    }

    @Test
    void jsonResourcesKeepWhatWasInserted() throws Exception {
        assertThat(json(insert(
                        "{\"name\": \"a/ä\", \"crc32c\": \"AAAAAA==\", \"metadata\": {\"part\": \"7\"}}",
                        "\r\n--four\r\n")))
                .containsEntry("bucket", "bench")
                .containsEntry("name", "a/ä")
                .containsEntry("size", "10")
                .containsEntry("crc32c", "AAAAAA==")
                .containsEntry("metadata", Map.of("part", "7"));
        assertThat(json(get(JSON_OBJECTS + "a%2F%C3%A4")))
                .containsEntry("size", "10")
                .containsEntry("crc32c", "AAAAAA==");
        assertThat(server.traffic("/bench/a/ä").received()).isEqualTo(10);
        assertThat(json(get(JSON_OBJECTS + "other"))).containsEntry("size", Integer.toString(SIZE));
    }

    @Test
    void deletedObjectsCannotBeComposed() throws Exception {
        insert("{\"name\": \"part\"}", "content");
        String compose = "{\"destination\": {}, \"sourceObjects\": [{\"name\": \"part\"}]}";
        assertThat(json(send("POST", JSON_OBJECTS + "whole/compose", compose)))
                .containsEntry("size", "7")
                .doesNotContainKey("crc32c");
        assertThat(server.traffic("/bench/whole").received()).isEqualTo(7);
        assertThat(send("DELETE", JSON_OBJECTS + "part", "").statusCode()).isEqualTo(204);
        assertThat(server.traffic("/bench/part").received()).isZero();
        assertThat(send("DELETE", JSON_OBJECTS + "part", "").statusCode()).isEqualTo(404);
        assertThat(send("POST", JSON_OBJECTS + "whole/compose", compose).statusCode())
                .isEqualTo(404);
    }

    private HttpResponse<byte[]> resume(String name, String range) throws IOException, InterruptedException {
        HttpResponse<byte[]> started = send("POST", JSON_UPLOADS + "resumable", "{\"name\": \"" + name + "\"}");
        URI location = URI.create(header(started, "location"));
        assertThat(location.getPort()).isEqualTo(server.port());
        String target = location.getRawPath() + "?" + location.getRawQuery();
        return send("PUT", target, "content", "Content-Range", range, "x-goog-hash", "crc32c=AAAAAA==");
    }

    @Test
    void resumableUploadsAreAcceptedAsAWhole() throws Exception {
        assertThat(json(resume("a b/ä+", "bytes 0-6/7")))
                .containsEntry("name", "a b/ä+")
                .containsEntry("size", "7")
                .containsEntry("crc32c", "AAAAAA==");
        assertThat(server.traffic("/bench/a b/ä+").received()).isEqualTo(7);
        assertThat(resume("a", "bytes 0-6/8").statusCode()).isEqualTo(501);
        assertThat(send("POST", JSON_UPLOADS + "media", "content").statusCode()).isEqualTo(501);
        assertThat(send("POST", JSON_UPLOADS + "multipart", "coded", "Content-Encoding", "gzip")
                        .statusCode())
                .isEqualTo(501);
    }

    @Test
    void onlyClientsThatTrustItsCertificateConnect(@TempDir Path directory) throws Exception {
        Certificates certificates = Certificates.create(directory);
        try (DiscardServer encrypted =
                DiscardServer.start(Optional.of(certificates.serverContext()), SIZE, Conditions.NONE)) {
            HttpRequest request = HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + encrypted.port() + "/b/k"))
                    .timeout(TIMEOUT)
                    .build();
            KeyStore trusted =
                    KeyStore.getInstance(certificates.keyStore().toFile(), Certificates.PASSWORD.toCharArray());
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            HttpClient trusting = HttpClient.newBuilder().sslContext(context).build();
            assertThat(trusting.send(request, BodyHandlers.ofByteArray()).body())
                    .hasSize(SIZE);
            assertThat(encrypted.traffic("/b/k").security()).containsExactly("TLSv1.3 TLS_AES_128_GCM_SHA256");
            assertThatThrownBy(() -> client.send(request, BodyHandlers.discarding()))
                    .isInstanceOf(SSLHandshakeException.class);
        }
    }
}
