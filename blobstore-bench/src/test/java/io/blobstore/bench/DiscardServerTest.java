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
    private static final int SIZE = ServerObjects.BLOCK + 1000;
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

    private HttpRequest.Builder request(String target, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + target))
                .version(HttpClient.Version.HTTP_1_1)
                .timeout(Duration.ofSeconds(30));
        return headers.length > 0 ? request.headers(headers) : request;
    }

    private HttpResponse<byte[]> send(String method, String target, BodyPublisher body, String... headers)
            throws Exception {
        return client.send(request(target, headers).method(method, body).build(), BodyHandlers.ofByteArray());
    }

    private HttpResponse<byte[]> send(String method, String target, String body, String... headers) throws Exception {
        return send(method, target, BodyPublishers.ofString(body), headers);
    }

    private static String text(HttpResponse<byte[]> response) {
        return response.statusCode() + " " + new String(response.body(), StandardCharsets.UTF_8);
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

    private String create(String target) throws Exception {
        return HandRolledClient.uploadId(
                text(send("POST", target + "?uploads", "", "x-amz-checksum-type", "FULL_OBJECT")));
    }

    private HttpResponse<byte[]> part(String target, String uploadId, int number, byte[] content) throws Exception {
        String query = "?partNumber=" + number + "&uploadId=" + uploadId;
        BodyPublisher body = BodyPublishers.ofByteArray(content);
        return send("PUT", target + query, body, "x-amz-checksum-crc32c", checksum(content));
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
        assertThat(text(completed))
                .startsWith("200 ")
                .contains("<Bucket>bench</Bucket><Key>a/b</Key>")
                .contains("<ChecksumCRC32C>" + checksum(content) + "</ChecksumCRC32C>");
        assertThat(header(head, "content-length")).isEqualTo("1000000");
        assertThat(header(head, "x-amz-checksum-crc32c")).isEqualTo(checksum(content));
        assertThat(server.traffic("/bench/a/b").received()).isGreaterThanOrEqualTo(content.length);
    }

    @Test
    void aCatalogRemembersWhatWasUploadedAndCountsEverything() throws Exception {
        server.close();
        server = DiscardServer.startCatalog();
        BodyPublisher body = BodyPublishers.ofByteArray(content(1000));

        assertThat(text(send("HEAD", "/bench/a", ""))).startsWith("404 ");
        assertThat(text(send("PUT", "/bench/a", body, "if-none-match", "*"))).startsWith("200 ");
        assertThat(text(send("PUT", "/bench/a", body, "if-none-match", "*"))).startsWith("412 ");
        assertThat(header(send("HEAD", "/bench/a", ""), "content-length")).isEqualTo("1000");
        assertThat(text(send("GET", "/bench/a", ""))).startsWith("501 ");
        assertThat(text(send("DELETE", "/bench/a", ""))).startsWith("204 ");
        assertThat(text(send("HEAD", "/bench/a", ""))).startsWith("404 ");

        assertThat(server.received().requests()).isEqualTo(7);
        assertThat(server.received().bodies()).isEqualTo(2000);
        assertThat(server.received().heads()).isBetween(7 * 60L, 7 * 600L);
        assertThat(server.received().since(server.received())).isEqualTo(new ServerObjects.Received(0, 0, 0));
    }

    @Test
    void wrongChecksumsAndUnknownUploadsAreRefused() throws Exception {
        String uploadId = create("/bench/a");
        part("/bench/a", uploadId, 1, content(10));
        String wrong = Crc32c.EMPTY.base64();
        assertThat(text(send("POST", "/bench/a?uploadId=" + uploadId, "", "x-amz-checksum-crc32c", wrong)))
                .startsWith("400 ")
                .contains("<Code>BadDigest</Code>");
        assertThat(text(part("/bench/a", uploadId, 1, content(10))))
                .startsWith("404 ")
                .contains("<Code>NoSuchUpload</Code>");
    }

    @Test
    void chunkedExpectingAndSignedBodiesAreCounted() throws Exception {
        byte[] content = content(300_000);
        BodyPublisher array = BodyPublishers.ofByteArray(content);
        BodyPublisher chunked = BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(content));
        HttpRequest expecting =
                request("/bench/expecting").expectContinue(true).PUT(array).build();

        assertThat(text(send("PUT", "/bench/chunked", chunked))).isEqualTo("200 ");
        assertThat(client.send(expecting, BodyHandlers.discarding()).statusCode())
                .isEqualTo(200);
        assertThat(text(send("PUT", "/bench/signed", array, "x-amz-decoded-content-length", "299000")))
                .isEqualTo("200 ");

        assertThat(server.traffic("/bench/chunked").received()).isEqualTo(content.length);
        assertThat(server.traffic("/bench/expecting").received()).isEqualTo(content.length);
        assertThat(server.traffic("/bench/signed").received()).isEqualTo(299_000);
    }

    @Test
    void rangesAreThoseOfTheWholeInBothApis() throws Exception {
        byte[] whole = send("GET", "/bench/any", "").body();
        int block = ServerObjects.BLOCK;
        assertThat(whole).hasSize(SIZE);
        for (String target : new String[] {
            "/bench/a", "/download" + JSON_OBJECTS + "a?alt=media", JSON_OBJECTS + "a?alt=media&generation=1"
        }) {
            long before = server.traffic("/bench/a").sent();
            HttpResponse<byte[]> all = send("GET", target, "", "x-amz-checksum-mode", "ENABLED");
            HttpResponse<byte[]> range = range(target, (block - 100) + "-" + (block + 99));
            assertThat(all.statusCode()).isEqualTo(200);
            assertThat(all.body()).isEqualTo(whole);
            assertThat(header(all, "x-goog-hash")).isEqualTo("crc32c=" + checksum(whole));
            assertThat(range.statusCode()).isEqualTo(206);
            assertThat(header(range, "content-range"))
                    .isEqualTo("bytes " + (block - 100) + "-" + (block + 99) + "/" + SIZE);
            assertThat(header(range, "x-amz-checksum-crc32c")).isEmpty();
            assertThat(range.body()).isEqualTo(Arrays.copyOfRange(whole, block - 100, block + 100));
            for (String end : new String[] {(SIZE - 5) + "-", (SIZE - 5) + "-" + 2 * SIZE}) {
                assertThat(range(target, end).body()).isEqualTo(Arrays.copyOfRange(whole, SIZE - 5, SIZE));
            }
            assertThat(range(target, SIZE + "-").statusCode()).isEqualTo(416);
            assertThat(server.traffic("/bench/a").sent() - before).isEqualTo(SIZE + 200 + 5 + 5);
        }
    }

    private HttpResponse<byte[]> range(String target, String bytes) throws Exception {
        return send("GET", target, "", "Range", "bytes=" + bytes);
    }

    private HttpResponse<byte[]> insert(String resource, String content) throws Exception {
        String body = "--b\r\nContent-Type: application/json\r\n\r\n" + resource
                + "\r\n--b\r\nContent-Type: text/plain\r\n\r\n" + content + "\r\n--b--\r\n";
        return send("POST", JSON_UPLOADS + "multipart", body);
    }

    @Test
    void jsonResourcesKeepWhatWasInserted() throws Exception {
        String resource = "{\"name\": \"a/ä\", \"crc32c\": \"AAAAAA==\", \"metadata\": {\"part\": \"7\"}}";
        Map<String, String> expected = Map.of("bucket", "bench", "name", "a/ä", "size", "10", "crc32c", "AAAAAA==");
        assertThat(json(insert(resource, "\r\n--four\r\n")))
                .containsAllEntriesOf(expected)
                .containsEntry("metadata", Map.of("part", "7"));
        assertThat(json(send("GET", JSON_OBJECTS + "a%2F%C3%A4", ""))).containsAllEntriesOf(expected);
        assertThat(server.traffic("/bench/a/ä").received()).isEqualTo(10);
        assertThat(json(send("GET", JSON_OBJECTS + "other", ""))).containsEntry("size", Integer.toString(SIZE));
    }

    @Test
    void deletedObjectsCannotBeComposed() throws Exception {
        insert("{\"name\": \"part\"}", "content");
        String compose = "{\"destination\": {}, \"sourceObjects\": [{\"name\": \"part\"}]}";
        assertThat(json(send("POST", JSON_OBJECTS + "whole/compose", compose)))
                .containsEntry("size", "7")
                .doesNotContainKey("crc32c");
        assertThat(server.traffic("/bench/whole").received()).isEqualTo(7);
        assertThat(text(send("DELETE", JSON_OBJECTS + "part", ""))).startsWith("204");
        assertThat(server.traffic("/bench/part").received()).isZero();
        assertThat(text(send("DELETE", JSON_OBJECTS + "part", ""))).startsWith("404");
        assertThat(text(send("POST", JSON_OBJECTS + "whole/compose", compose))).startsWith("404");
    }

    private HttpResponse<byte[]> resume(String name, String range) throws Exception {
        HttpResponse<byte[]> started = send("POST", JSON_UPLOADS + "resumable", "{\"name\": \"" + name + "\"}");
        URI location = URI.create(header(started, "location"));
        assertThat(location.getPort()).isEqualTo(server.port());
        String target = location.getRawPath() + "?" + location.getRawQuery();
        return send("PUT", target, "content", "Content-Range", range, "x-goog-hash", "crc32c=AAAAAA==");
    }

    @Test
    void resumableUploadsAreAcceptedAsAWhole() throws Exception {
        assertThat(json(resume("a b/ä+", "bytes 0-6/7")))
                .containsAllEntriesOf(Map.of("name", "a b/ä+", "size", "7", "crc32c", "AAAAAA=="));
        assertThat(server.traffic("/bench/a b/ä+").received()).isEqualTo(7);
        assertThat(text(resume("a", "bytes 0-6/8"))).startsWith("501");
        assertThat(text(send("POST", JSON_UPLOADS + "media", "content"))).startsWith("501");
        assertThat(text(send("POST", JSON_UPLOADS + "multipart", "coded", "Content-Encoding", "gzip")))
                .startsWith("501");
    }

    @Test
    void onlyClientsThatTrustItsCertificateConnect(@TempDir Path directory) throws Exception {
        Certificates certificates = Certificates.create(directory);
        try (DiscardServer encrypted =
                DiscardServer.start(Optional.of(certificates.serverContext()), SIZE, Conditions.NONE)) {
            HttpRequest request = HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + encrypted.port() + "/b/k"))
                    .timeout(Duration.ofSeconds(30))
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
            assertThat(encrypted.traffic("/b/k").security()).isEqualTo("TLSv1.3 TLS_AES_128_GCM_SHA256");
            assertThatThrownBy(() -> client.send(request, BodyHandlers.discarding()))
                    .isInstanceOf(SSLHandshakeException.class);
        }
    }
}
