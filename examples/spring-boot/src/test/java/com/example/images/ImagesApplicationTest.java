package com.example.images;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
class ImagesApplicationTest {
    @TempDir
    static Path directory;

    @LocalServerPort
    int port;

    private final HttpClient client = HttpClient.newHttpClient();

    @DynamicPropertySource
    static void useTheDirectory(DynamicPropertyRegistry registry) {
        registry.add("blobstore.stores.images.uri", directory::toUri);
    }

    @Test
    void anImageIsStoredAndServedInRanges() throws Exception {
        byte[] image = new byte[3 << 20];
        new SplittableRandom(1).nextBytes(image);

        HttpResponse<byte[]> stored = send(
                HttpRequest.newBuilder().header("Content-Type", "image/png").PUT(BodyPublishers.ofByteArray(image)));
        assertThat(stored.statusCode()).isEqualTo(201);
        assertThat(directory.resolve("picture.png")).hasBinaryContent(image);

        HttpResponse<byte[]> range = send(HttpRequest.newBuilder().header("Range", "bytes=1000000-1000999"));
        assertThat(range.statusCode()).isEqualTo(206);
        assertThat(range.headers().firstValue("Content-Type")).contains("image/png");
        assertThat(range.headers().firstValue("Content-Range")).contains("bytes 1000000-1000999/3145728");
        assertThat(range.body()).isEqualTo(Arrays.copyOfRange(image, 1_000_000, 1_001_000));

        String tag = range.headers().firstValue("ETag").orElseThrow();
        assertThat(send(HttpRequest.newBuilder().header("If-None-Match", tag)).statusCode())
                .isEqualTo(304);
        assertThat(text("/actuator/health")).contains("\"images\":{").contains("\"status\":\"UP\"");
        assertThat(text("/actuator/metrics")).contains("blobstore.requests", "blobstore.transfers");
        assertThat(send(HttpRequest.newBuilder().DELETE()).statusCode()).isEqualTo(204);
        assertThat(send(HttpRequest.newBuilder()).statusCode()).isEqualTo(404);
    }

    private HttpResponse<byte[]> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.uri(uri("/images/picture.png")).build(), BodyHandlers.ofByteArray());
    }

    private String text(String path) throws Exception {
        return client.send(HttpRequest.newBuilder(uri(path)).build(), BodyHandlers.ofString())
                .body();
    }

    private URI uri(String path) {
        return URI.create("http://localhost:" + port + path);
    }
}
