package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.Sha256;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tests {@code blobstore serve}: it serves until it is terminated, and ends in order. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class ServeCommandTest {
    @TempDir
    Path directory;

    private static HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .build()
                .send(request.build(), BodyHandlers.ofString());
    }

    @Test
    void servesUntilItIsTerminated() throws Exception {
        String content = "some content";
        String hash = Sha256.of(ByteBuffer.wrap(content.getBytes(StandardCharsets.UTF_8)))
                .hex();
        Path log = directory.resolve("log");
        for (int round = 0; round < 2; round++) {
            Process server = Cli.inChildJvm(
                            List.of("-Xmx64m"),
                            "serve",
                            "--dir",
                            directory.resolve("cache"),
                            "--max",
                            "1GiB",
                            "--listen",
                            "localhost:0",
                            "--access-log")
                    .redirectError(log.toFile())
                    .start();
            try (BufferedReader out = server.inputReader(StandardCharsets.UTF_8)) {
                String line = out.readLine();
                assertThat(line).matches("listening on http://127\\.0\\.0\\.1:[0-9]+");
                URI uri = URI.create(line.substring("listening on ".length()) + "/cas/" + hash);
                if (round == 0) {
                    assertThat(send(HttpRequest.newBuilder(uri).PUT(BodyPublishers.ofString(content)))
                                    .statusCode())
                            .isEqualTo(200);
                }
                assertThat(send(HttpRequest.newBuilder(uri)).body()).isEqualTo(content);
                server.toHandle().destroy(); // SIGTERM
                assertThat(server.waitFor()).isEqualTo(143);
                assertThat(out.readLine()).isNull();
            } finally {
                server.destroyForcibly();
            }
            assertThat(Files.readString(log))
                    .contains("GET /cas/" + hash + " 200 0 12")
                    .doesNotContain("WARN");
        }
    }

    @Test
    void anAddressInUseIsAClearError() throws IOException {
        try (ServerSocket taken = new ServerSocket(0)) {
            Cli result = Cli.run(
                    "serve",
                    "--dir",
                    directory.resolve("cache"),
                    "--max",
                    "1GiB",
                    "--listen",
                    "0.0.0.0:" + taken.getLocalPort());
            assertThat(result.code()).isEqualTo(1);
            assertThat(result.err()).contains("cannot listen on").hasLineCount(1);
        }
    }

    @Test
    void wrongUseIsRefused() {
        Path cache = directory.resolve("cache");
        for (Object[] wrong : new Object[][] {
            {"--dir", cache},
            {"--dir", cache, "--max", "1GB"},
            {"--dir", cache, "--max", "1GiB", "--listen", "8080"},
            {"--dir", cache, "--max", "1GiB", "--listen", "localhost:70000"},
            {"--dir", cache, "--max", "1GiB", "--tls-cert", "file"},
            {"--dir", cache, "--max", "1GiB", "--storage-mode", "gzip"}
        }) {
            Object[] command = new Object[wrong.length + 1];
            command[0] = "serve";
            System.arraycopy(wrong, 0, command, 1, wrong.length);
            assertThat(Cli.run(command).code()).as(List.of(wrong).toString()).isEqualTo(2);
        }
        assertThat(cache).doesNotExist();
    }
}
