package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.server.CacheServer;
import io.blobstore.server.HttpOptions;
import io.blobstore.server.RemoteOptions;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks the files in {@code docs/examples/cache-server} against what there is. */
class ServeExamplesTest {
    private static final Path EXAMPLES = Path.of("../docs/examples/cache-server");

    @TempDir
    Path directory;

    private static String example(String name) throws IOException {
        return Files.readString(EXAMPLES.resolve(name));
    }

    private static Set<String> all(String pattern, String text) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map(MatchResult::group)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Returns the names of all series that a server with a remote cache prints. */
    private Set<String> series() throws Exception {
        try (ContentCache cache = ContentCache.open(directory, CacheOptions.ofMaxBytes(1 << 20));
                BlobStore bucket = BlobStores.open("mem:");
                CacheServer server = CacheServer.builder(cache)
                        .http(HttpOptions.builder().build())
                        .remote(RemoteOptions.builder(bucket).build())
                        .start()) {
            URI metrics = URI.create("http://127.0.0.1:" + server.httpAddress().getPort() + "/metrics");
            HttpClient client =
                    HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
            client.send(HttpRequest.newBuilder(metrics).build(), BodyHandlers.discarding()); // to be counted
            return client.send(HttpRequest.newBuilder(metrics).build(), BodyHandlers.ofString())
                    .body()
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split("[ {]", 2)[0])
                    .collect(Collectors.toSet());
        }
    }

    @Test
    void theDashboardAndTheAlertsShowMetricsThatThereAre() throws Exception {
        Set<String> series = series();
        for (String file : List.of("grafana.json", "blobstore-alerts.yml")) {
            Set<String> used = all("blobstore_[a-z0-9_]+", example(file));
            assertThat(used).as(file).hasSizeGreaterThanOrEqualTo(4);
            assertThat(series).as(file).containsAll(used);
        }
    }

    @Test
    void theDashboardIsJson() throws IOException {
        assertThat(JSON.std.mapFrom(example("grafana.json"))).containsKeys("title", "panels", "templating");
        assertThat(example("prometheus.yml")).contains("blobstore-alerts.yml");
    }

    @ParameterizedTest
    @ValueSource(strings = {"blobstore-serve.service", "Containerfile"})
    void theOptionsExist(String file) throws IOException {
        String text = example(file);
        Set<String> used = all("--[a-z-]+", text.substring(text.lastIndexOf("blobstore.jar"), text.length()));
        assertThat(used).contains("--dir", "--max", "--listen", "--grpc-listen");
        assertThat(all("--[a-z-]+", Cli.run("serve", "--help").out())).containsAll(used);
    }

    /** The server has 30 s to end in order: whoever stops it must wait for longer. */
    @Test
    void stoppingWaitsForTheServer() throws IOException {
        assertThat(example("blobstore-serve.service")).contains("\nTimeoutStopSec=45\n");
        assertThat(example("Containerfile")).contains("--stop-timeout 45");
    }
}
