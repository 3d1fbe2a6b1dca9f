package io.blobstore.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.Operation;
import io.blobstore.StoreEvent.Direction;
import io.blobstore.StoreEvent.RequestEnded;
import io.blobstore.StoreEvent.RequestRetried;
import io.blobstore.StoreEvent.RequestStarted;
import io.blobstore.StoreEvent.TransferEnded;
import io.blobstore.StoreEvent.TransferStarted;
import io.blobstore.cache.CachedBlobStore;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.TransferManager;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks the dashboard in {@code docs/examples/observability} against what Prometheus scrapes. */
class DashboardTest {
    private static final Path DASHBOARD = Path.of("../../docs/examples/observability/grafana.json");
    private static final BlobKey KEY = BlobKey.of("key");

    @TempDir
    private Path directory;

    private static Set<String> all(String pattern, String text) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map(MatchResult::group)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Returns the lines that Prometheus scrapes after each kind of event has occurred. */
    private String scrape() throws Exception {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        registry.config().commonTags("application", "test");
        BlobStoreMetrics metrics = BlobStoreMetrics.create(registry);
        try (BlobStore store = BlobStores.open("mem:", metrics);
                ContentCache cache = ContentCache.open(directory, CacheOptions.ofMaxBytes(1 << 20));
                CachedBlobStore cached = CachedBlobStore.open(store, cache);
                TransferManager transfers =
                        TransferManager.builder().observer(metrics).build()) {
            CacheMetrics.bind(registry, cached);
            transfers
                    .upload(store, KEY, BlobSource.of(ByteBuffer.allocateDirect(1000)))
                    .join();
            try (BlobReader reader = transfers.openReader(store, KEY)) {
                reader.read(ByteBuffer.allocateDirect(300));
            }
            RequestStarted request =
                    new RequestStarted(0, "s3", "s3://b", Operation.READ, Optional.of(KEY), Optional.empty());
            TransferStarted transfer = new TransferStarted(0, Direction.DOWNLOAD, "s3://b", Optional.of(KEY));
            metrics.onEvent(request);
            metrics.onEvent(transfer);
            metrics.onEvent(new RequestRetried(request, 1, new IOException(), Duration.ZERO));
            metrics.onEvent(new RequestEnded(
                    request,
                    Duration.ofSeconds(1),
                    Duration.ofMillis(1),
                    2,
                    OptionalInt.of(200),
                    0,
                    10,
                    Optional.empty()));
            metrics.onEvent(new TransferEnded(transfer, Duration.ofSeconds(1), 10, 1, 1, Optional.empty()));
            return registry.scrape();
        }
    }

    @Test
    void theDashboardShowsMetricsThatThereAre() throws Exception {
        String dashboard = Files.readString(DASHBOARD);
        Set<String> series = scrape().lines()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.split("[ {]", 2)[0])
                .collect(Collectors.toSet());
        Set<String> used = all("blobstore_[a-z0-9_]+", dashboard);

        assertThat(used).hasSizeGreaterThanOrEqualTo(10);
        assertThat(series).containsAll(used);
    }

    @Test
    void theDashboardUsesTagsThatThereAre() throws Exception {
        String scraped = scrape();
        for (String label : all("(?<=by \\()[a-z, ]+", Files.readString(DASHBOARD))) {
            for (String name : label.split(", ")) {
                assertThat(scraped).as(label).contains(name + "=\"");
            }
        }
    }

    @Test
    void theDashboardIsJson() throws IOException {
        assertThat(JSON.std.mapFrom(Files.readString(DASHBOARD))).containsKeys("title", "panels", "templating");
    }
}
