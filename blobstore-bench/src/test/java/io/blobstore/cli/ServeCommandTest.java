package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.Sha256;
import io.blobstore.contract.Campaign;
import io.blobstore.gcs.fake.FakeGcs;
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

    /** A server in a JVM of its own, until it is closed. */
    private final class Server implements AutoCloseable {
        private final Process process;
        private final BufferedReader out;
        private final Path log;
        final URI uri;

        Server(String name, String... options) throws IOException {
            log = directory.resolve(name + ".log");
            Object[] command = new Object[7 + options.length];
            System.arraycopy(
                    new Object[] {"serve", "--dir", directory.resolve(name), "--max", "1GiB", "--listen", "localhost:0"
                    },
                    0,
                    command,
                    0,
                    7);
            System.arraycopy(options, 0, command, 7, options.length);
            process = Cli.inChildJvm(List.of("-Xmx64m"), command)
                    .redirectError(log.toFile())
                    .start();
            out = process.inputReader(StandardCharsets.UTF_8);
            String line = out.readLine();
            assertThat(line).as(Files.readString(log)).startsWith("listening on ");
            uri = URI.create(line.substring("listening on ".length()));
        }

        int put(String content) throws IOException, InterruptedException {
            return send(HttpRequest.newBuilder(entry(content)).PUT(BodyPublishers.ofString(content)))
                    .statusCode();
        }

        HttpResponse<String> get(String content) throws IOException, InterruptedException {
            return send(HttpRequest.newBuilder(entry(content)));
        }

        private URI entry(String content) {
            return uri.resolve("/cas/"
                    + Sha256.of(ByteBuffer.wrap(content.getBytes(StandardCharsets.UTF_8)))
                            .hex());
        }

        /** Terminates it, and returns what it has logged. */
        String terminate() throws IOException, InterruptedException {
            process.toHandle().destroy(); // SIGTERM
            assertThat(process.waitFor()).isEqualTo(143);
            return Files.readString(log);
        }

        @Override
        public void close() throws IOException {
            process.destroyForcibly();
            out.close();
        }
    }

    @Test
    void whatIsPutThroughAServerArrivesInTheBucketAndInAnotherServer() throws Exception {
        Path credentials = Files.writeString(directory.resolve("credentials"), "alice:secret\n");
        String bucket = "file:" + Files.createDirectory(directory.resolve("bucket"));
        try (Server back = new Server("back", "--proxy", bucket)) {
            try (Server front =
                    new Server("front", "--proxy", back.uri + "/builds", "--proxy-auth-file", credentials.toString())) {
                assertThat(front.put("some content")).isEqualTo(200);
                assertThat(front.terminate()).doesNotContain("WARN", "secret");
            }
            assertThat(back.get("some content").body()).isEqualTo("some content");
            assertThat(back.terminate()).doesNotContain("WARN");
        }
        try (Server next = new Server("next", "--proxy", bucket)) {
            assertThat(next.get("some content").body()).isEqualTo("some content");
        }
    }

    @Test
    @Campaign(representedBy = ServeCommandTest.class)
    void aBucketOfCloudStorageHasTheKeysOfBazelRemote() throws Exception {
        try (FakeGcs gcs = FakeGcs.start().createBucket("some-bucket")) {
            String bucket = "gs://some-bucket?endpoint=" + gcs.endpoint();
            try (Server server = new Server("server", "--proxy", bucket, "--proxy-prefix", "builds")) {
                assertThat(server.put("some content")).isEqualTo(200);
                assertThat(server.terminate()).doesNotContain("WARN");
            }
            String hash = Sha256.of(ByteBuffer.wrap("some content".getBytes(StandardCharsets.UTF_8)))
                    .hex();
            assertThat(gcs.names("some-bucket")).containsExactly("builds/cas.v2/" + hash);
            try (Server next = new Server("next", "--proxy", bucket, "--proxy-prefix", "builds")) {
                assertThat(next.get("some content").body()).isEqualTo("some content");
            }
        }
    }

    @Test
    void aCacheThatCannotBeReachedIsAMissAndPutsAreKept() throws Exception {
        int nobody;
        try (ServerSocket closed = new ServerSocket(0)) {
            nobody = closed.getLocalPort();
        }
        try (Server server = new Server("server", "--proxy", "http://127.0.0.1:" + nobody)) {
            assertThat(server.get("some content").statusCode()).isEqualTo(404);
            assertThat(server.put("some content")).isEqualTo(200);
            assertThat(server.get("some content").body()).isEqualTo("some content");
        }
    }

    @Test
    void aWrongProxyIsRefusedWithoutShowingSecrets() {
        for (String[] wrong : new String[][] {
            {"--proxy", "ftp://cache"},
            {"--proxy", "http://alice:secret@cache:8080"},
            {"--proxy", "http://cache:8080/?password=secret"},
            {"--proxy", "http://cache:8080/ secret"},
            {"--proxy", "http://cache:8080", "--proxy-prefix", "a"},
            {"--proxy", "http://cache:8080", "--proxy-tls-ca", "file"},
            {"--proxy", "https://cache:8080", "--proxy-tls-cert", "file"},
            {"--proxy", "file:" + directory, "--proxy-auth-file", "file"},
            {"--proxy-auth-file", "file"},
        }) {
            Object[] command = new Object[5 + wrong.length];
            System.arraycopy(
                    new Object[] {"serve", "--dir", directory.resolve("cache"), "--max", "1GiB"}, 0, command, 0, 5);
            System.arraycopy(wrong, 0, command, 5, wrong.length);
            Cli result = Cli.run(command);
            assertThat(result.code()).as(List.of(wrong).toString()).isEqualTo(2);
            assertThat(result.err()).as(List.of(wrong).toString()).doesNotContain("secret");
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
