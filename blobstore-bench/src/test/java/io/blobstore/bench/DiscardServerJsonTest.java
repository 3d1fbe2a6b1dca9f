package io.blobstore.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.blobstore.Crc32c;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever the server answers to the JSON API, google-cloud-storage has to make something of it. */
class DiscardServerJsonTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final long SERVED = 1000;
    private static final String UPLOADS = "/upload/storage/v1/b/bench/o?uploadType=multipart";

    private final HttpClient client = HttpClient.newHttpClient();
    private DiscardServer server;

    @TempDir
    Path directory;

    @BeforeEach
    void start() throws IOException {
        server = DiscardServer.start(Optional.empty(), SERVED);
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    private URI uri(String target) throws IOException {
        return URI.create("http://127.0.0.1:" + server.port() + target);
    }

    private HttpResponse<String> send(String method, String target, BodyPublisher body, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(target))
                .version(HttpClient.Version.HTTP_1_1)
                .timeout(PATIENCE)
                .method(method, body);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), BodyHandlers.ofString());
    }

    private HttpResponse<String> get(String target) throws IOException, InterruptedException {
        return send("GET", target, BodyPublishers.noBody());
    }

    private HttpResponse<String> insert(String resource, String content) throws IOException, InterruptedException {
        return send(
                "POST",
                UPLOADS,
                BodyPublishers.ofString("--b\r\nContent-Type: application/json\r\n\r\n" + resource
                        + "\r\n--b\r\nContent-Type: text/plain\r\n\r\n" + content + "\r\n--b--\r\n"),
                "Content-Type",
                "multipart/related; boundary=b");
    }

    /**
     * More than 32 parts, so that some are composed of composed ones, by the client that compares the checksum of the
     * whole.
     */
    @Test
    void aCompositeUploadOfTheSdkArrivesAsAWhole() throws Exception {
        int partSize = 64 << 10;
        byte[] content = new byte[40 * partSize + 123];
        new SplittableRandom(1).nextBytes(content);
        Path file = Files.write(directory.resolve("content"), content);
        TransferSpec job = new TransferSpec(Scenario.GCS_HTTP_UPLOAD, uri(""), "some/key", file, partSize, 2);

        try (BenchmarkClient contestant = new GcsWriteSessionClient(job)) {
            contestant.round();
            contestant.round();
        }

        HttpResponse<String> head =
                send("HEAD", "/bench/some/key", BodyPublishers.noBody(), "x-amz-checksum-mode", "ENABLED");
        assertThat(server.traffic("/bench/some/key").received()).isEqualTo(2L * content.length);
        assertThat(server.traffic("/bench/some/key").security()).containsExactly("none");
        assertThat(head.headers().firstValueAsLong("content-length")).hasValue(content.length);
        assertThat(head.headers().firstValue("x-amz-checksum-crc32c"))
                .contains(Crc32c.of(ByteBuffer.wrap(content)).base64());
    }

    @Test
    void anObjectIsWhatWasSaidOfIt() throws Exception {
        HttpResponse<String> inserted = insert(
                "{\"name\": \"a/ä\", \"crc32c\": \"AAAAAA==\", \"metadata\": {\"part\": \"7\"}}", "\r\n--four\r\n");

        Map<String, Object> resource = JSON.std.mapFrom(inserted.body());
        assertThat(inserted.statusCode()).isEqualTo(200);
        assertThat(resource)
                .containsEntry("bucket", "bench")
                .containsEntry("name", "a/ä")
                .containsEntry("size", "10")
                .containsEntry("crc32c", "AAAAAA==")
                .containsEntry("metadata", Map.of("part", "7"));
        assertThat(JSON.std.mapFrom(get("/storage/v1/b/bench/o/a%2F%C3%A4").body()))
                .containsEntry("size", "10")
                .containsEntry("crc32c", "AAAAAA==");
        assertThat(server.traffic("/bench/a/ä").received()).isEqualTo(10);
    }

    @Test
    void whatWasDeletedIsGoneAndCannotBeComposed() throws Exception {
        insert("{\"name\": \"part\"}", "content");
        String compose = "{\"destination\": {}, \"sourceObjects\": [{\"name\": \"part\"}]}";

        HttpResponse<String> composed =
                send("POST", "/storage/v1/b/bench/o/whole/compose", BodyPublishers.ofString(compose));
        HttpResponse<String> deleted = send("DELETE", "/storage/v1/b/bench/o/part", BodyPublishers.noBody());
        HttpResponse<String> again = send("DELETE", "/storage/v1/b/bench/o/part", BodyPublishers.noBody());
        HttpResponse<String> tooLate =
                send("POST", "/storage/v1/b/bench/o/whole/compose", BodyPublishers.ofString(compose));

        assertThat(JSON.std.mapFrom(composed.body())).containsEntry("size", "7").doesNotContainKey("crc32c");
        assertThat(deleted.statusCode()).isEqualTo(204);
        assertThat(again.statusCode()).isEqualTo(404);
        assertThat(tooLate.statusCode()).isEqualTo(404);
        assertThat(server.traffic("/bench/whole").received()).isEqualTo(7);
        assertThat(server.traffic("/bench/part").received()).isZero();
    }

    @Test
    void whatWasNotUploadedIsTheServedObject() throws Exception {
        assertThat(JSON.std.mapFrom(get("/storage/v1/b/bench/o/any").body()))
                .containsEntry("name", "any")
                .containsEntry("size", Long.toString(SERVED));
    }

    private HttpResponse<byte[]> download(String target, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(target)).timeout(PATIENCE);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), BodyHandlers.ofByteArray());
    }

    @Test
    void contentIsThatOfTheServedObjectOnEitherPath() throws Exception {
        byte[] content = served();

        HttpResponse<byte[]> whole = download("/download/storage/v1/b/bench/o/a%2F%C3%A4?alt=media");
        HttpResponse<byte[]> other = download("/storage/v1/b/bench/o/a%2F%C3%A4?alt=media&generation=1");

        assertThat(whole.statusCode()).isEqualTo(200);
        assertThat(whole.body()).isEqualTo(content);
        assertThat(whole.headers().firstValue("x-goog-hash")).contains("crc32c=" + checksum(content));
        assertThat(whole.headers().firstValue("x-goog-generation")).contains("1");
        assertThat(other.body()).isEqualTo(content);
        assertThat(server.traffic("/bench/a/ä").sent()).isEqualTo(2 * SERVED);
        assertThat(server.traffic("/bench/a/ä").security()).containsExactly("none");
    }

    @Test
    void aRangeEndsWithTheObjectAtTheLatest() throws Exception {
        byte[] content = served();
        String target = "/download/storage/v1/b/bench/o/a?alt=media";

        HttpResponse<byte[]> middle = download(target, "Range", "bytes=100-299");
        HttpResponse<byte[]> end = download(target, "Range", "bytes=990-");
        HttpResponse<byte[]> beyondTheEnd = download(target, "Range", "bytes=990-2000");
        HttpResponse<byte[]> behindTheEnd = download(target, "Range", "bytes=1000-");

        assertThat(middle.statusCode()).isEqualTo(206);
        assertThat(middle.body()).isEqualTo(Arrays.copyOfRange(content, 100, 300));
        assertThat(middle.headers().firstValue("content-range")).contains("bytes 100-299/1000");
        assertThat(middle.headers().firstValue("x-goog-hash")).contains("crc32c=" + checksum(content));
        assertThat(end.body()).isEqualTo(Arrays.copyOfRange(content, 990, 1000));
        assertThat(beyondTheEnd.body()).isEqualTo(end.body());
        assertThat(beyondTheEnd.headers().firstValue("content-range")).contains("bytes 990-999/1000");
        assertThat(behindTheEnd.statusCode()).isEqualTo(416);
        assertThat(server.traffic("/bench/a").sent()).isEqualTo(200 + 10 + 10);
    }

    @Test
    void oneRangeInSoManyIsRefused() throws Exception {
        server.close();
        server = DiscardServer.start(Optional.empty(), SERVED, new Conditions(Duration.ZERO, Long.MAX_VALUE, 2));
        String target = "/download/storage/v1/b/bench/o/a?alt=media";

        HttpResponse<byte[]> first = download(target, "Range", "bytes=0-9");
        HttpResponse<byte[]> second = download(target, "Range", "bytes=0-9");

        assertThat(first.statusCode()).isEqualTo(206);
        assertThat(second.statusCode()).isEqualTo(503);
        assertThat(server.traffic("/bench/a").sent()).isEqualTo(10);
    }

    @ParameterizedTest
    @CsvSource({
        "GCS_STORAGE, GCS_HTTP_READ, content",
        "GCS_STORAGE_DEFAULT, GCS_HTTP_READ, content",
        "GCS_STORAGE_DEFAULT, HTTP_DOWNLOAD, content-some-key",
        "GCS_TRANSFER_MANAGER_DEFAULT, HTTP_DOWNLOAD, content-some-key",
    })
    void theSdkReadsTheServedObject(Competitor competitor, Scenario scenario, String target) throws Exception {
        Path file = Files.write(directory.resolve("content"), new byte[(int) SERVED]);
        TransferSpec job = new TransferSpec(scenario, uri(""), "some/key", file, 300, 2);

        try (BenchmarkClient contestant = competitor.open(job)) {
            contestant.round();
            contestant.round();
        }

        assertThat(directory.resolve(target)).hasBinaryContent(served());
        assertThat(server.traffic("/bench/some/key").sent()).isEqualTo(2 * SERVED);
    }

    private byte[] served() throws IOException, InterruptedException {
        return download("/bench/any").body();
    }

    private static String checksum(byte[] content) {
        return Crc32c.of(ByteBuffer.wrap(content)).base64();
    }

    @Test
    void aResumableUploadIsSentToWhereItWasToldTo() throws Exception {
        HttpResponse<String> started = start("{\"name\": \"a b/ä+\"}");
        HttpResponse<String> sent = sendContent(started, "content", "bytes 0-6/7");

        assertThat(started.statusCode()).isEqualTo(200);
        assertThat(started.headers().firstValue("location"))
                .get()
                .asString()
                .startsWith(uri("/upload/").toString());
        assertThat(JSON.std.mapFrom(sent.body()))
                .containsEntry("name", "a b/ä+")
                .containsEntry("size", "7")
                .containsEntry("crc32c", "AAAAAA==");
        assertThat(server.traffic("/bench/a b/ä+").received()).isEqualTo(7);
    }

    private HttpResponse<String> start(String resource) throws IOException, InterruptedException {
        return send("POST", "/upload/storage/v1/b/bench/o?uploadType=resumable", BodyPublishers.ofString(resource));
    }

    private HttpResponse<String> sendContent(HttpResponse<String> started, String content, String range)
            throws IOException, InterruptedException {
        URI location = URI.create(started.headers().firstValue("location").orElseThrow());
        return send(
                "PUT",
                location.getRawPath() + "?" + location.getRawQuery(),
                BodyPublishers.ofString(content),
                "Content-Range",
                range,
                "x-goog-hash",
                "crc32c=AAAAAA==");
    }

    @Test
    void otherWaysToUploadAreRefused() throws Exception {
        HttpResponse<String> media =
                send("POST", "/upload/storage/v1/b/bench/o?uploadType=media", BodyPublishers.ofString("content"));
        HttpResponse<String> piece = sendContent(start("{\"name\": \"a\"}"), "content", "bytes 0-6/8");
        HttpResponse<String> coded =
                send("POST", UPLOADS, BodyPublishers.ofString("coded"), "Content-Encoding", "gzip");

        assertThat(media.statusCode()).isEqualTo(501);
        assertThat(piece.statusCode()).isEqualTo(501);
        assertThat(coded.statusCode()).isEqualTo(501);
    }
}
