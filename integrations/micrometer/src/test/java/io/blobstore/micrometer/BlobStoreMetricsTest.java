package io.blobstore.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Operation;
import io.blobstore.StoreEvent.RequestEnded;
import io.blobstore.StoreEvent.RequestRetried;
import io.blobstore.StoreEvent.RequestStarted;
import io.blobstore.ThrottledException;
import io.blobstore.contract.LeakCheck;
import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.TransferManager;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The meters that stores and transfers of one process make. */
@ExtendWith(LeakCheck.class)
class BlobStoreMetricsTest {
    private static final BlobKey KEY = BlobKey.of("secret-key");

    @TempDir
    private Path directory;

    private final MeterRegistry registry = new SimpleMeterRegistry();
    private final BlobStoreMetrics metrics = BlobStoreMetrics.create(registry);

    @Test
    void requestsAreTimedByOperationAndOutcome() throws Exception {
        try (BlobStore store = BlobStores.open("mem:", metrics)) {
            store.store(KEY, ByteBuffer.allocate(1000));
            store.read(KEY, ByteRange.of(0, 10), ByteBuffer.allocate(10));
            store.read(KEY, ByteRange.of(0, 20), ByteBuffer.allocate(20));
            assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(() -> store.head(BlobKey.of("none")));

            List<String> read = List.of("backend", "mem", "store", store.toString(), "operation", "read");
            assertThat(registry.get("blobstore.requests")
                            .tags(read.toArray(String[]::new))
                            .tags("outcome", "success", "status", "none")
                            .timer()
                            .count())
                    .isEqualTo(2);
            assertThat(registry.get("blobstore.requests")
                            .tags("operation", "head", "outcome", "not_found")
                            .timer()
                            .count())
                    .isEqualTo(1);
            assertThat(registry.get("blobstore.requests.sent")
                            .tags("operation", "store")
                            .summary()
                            .totalAmount())
                    .isEqualTo(1000);
            assertThat(registry.get("blobstore.requests.received")
                            .tags(read.toArray(String[]::new))
                            .summary()
                            .totalAmount())
                    .isEqualTo(30);
            assertThat(registry.get("blobstore.requests.active").gauge().value())
                    .isZero();
        }
    }

    @Test
    void whatIsInProgressIsAGauge() {
        RequestStarted started =
                new RequestStarted(1, "s3", "s3://b", Operation.READ, Optional.of(KEY), Optional.empty());
        metrics.onEvent(started);
        assertThat(registry.get("blobstore.requests.active")
                        .tags("backend", "s3", "store", "s3://b")
                        .gauge()
                        .value())
                .isEqualTo(1);

        metrics.onEvent(new RequestRetried(
                started, 1, new ThrottledException(Operation.READ, KEY, "", null, null), Duration.ofSeconds(1)));
        metrics.onEvent(new RequestEnded(
                started,
                Duration.ofSeconds(3),
                Duration.ofMillis(5),
                2,
                OptionalInt.of(206),
                0,
                100,
                Optional.empty()));

        assertThat(registry.get("blobstore.requests.active")
                        .tags("store", "s3://b")
                        .gauge()
                        .value())
                .isZero();
        assertThat(registry.get("blobstore.requests.retries")
                        .tags("operation", "read", "reason", "throttled")
                        .counter()
                        .count())
                .isEqualTo(1);
        assertThat(registry.get("blobstore.requests")
                        .tags("status", "206")
                        .timer()
                        .totalTime(TimeUnit.SECONDS))
                .isEqualTo(3);
        assertThat(registry.get("blobstore.requests.connection.wait").timer().totalTime(TimeUnit.MILLISECONDS))
                .isEqualTo(5);
    }

    @Test
    void transfersAndReadersAreRecorded() throws Exception {
        try (BlobStore store = BlobStores.open("mem:", metrics);
                TransferManager transfers =
                        TransferManager.builder().observer(metrics).build()) {
            transfers
                    .upload(store, KEY, BlobSource.of(ByteBuffer.allocateDirect(1000)))
                    .join();
            transfers
                    .download(store, KEY, ByteRange.all(), BlobTarget.of(ByteBuffer.allocateDirect(1000)))
                    .join();
            try (BlobReader reader = transfers.openReader(store, KEY)) {
                reader.read(ByteBuffer.allocateDirect(300));
            }

            for (String direction : List.of("upload", "download")) {
                assertThat(registry.get("blobstore.transfers")
                                .tags("direction", direction, "store", store.toString(), "outcome", "success")
                                .timer()
                                .count())
                        .isEqualTo(1);
                assertThat(registry.get("blobstore.transfers.size")
                                .tags("direction", direction)
                                .summary()
                                .totalAmount())
                        .isEqualTo(1000);
                assertThat(registry.get("blobstore.transfers.active")
                                .tags("direction", direction)
                                .gauge()
                                .value())
                        .isZero();
            }
            assertThat(registry.get("blobstore.reader.read").counter().count()).isEqualTo(300);
        }
    }

    @Test
    void leasesAreGauges() throws Exception {
        double before = registry.get("blobstore.leases").gauge().value();
        double mapped = registry.get("blobstore.mapped.size").gauge().value();
        try (MappedFile file = MappedFile.open(Files.write(directory.resolve("file"), new byte[1000]));
                Lease lease = file.region().acquire()) {
            assertThat(lease.buffers()).hasSize(1);
            assertThat(registry.get("blobstore.leases").gauge().value()).isEqualTo(before + 1);
            assertThat(registry.get("blobstore.mapped.size").gauge().value()).isEqualTo(mapped + 1000);
        }
        assertThat(registry.get("blobstore.leases").gauge().value()).isEqualTo(before);
        assertThat(registry.get("blobstore.leases.leaked").functionCounter().count())
                .isNotNegative();
    }

    @Test
    void keysAreNotTags() throws Exception {
        transfersAndReadersAreRecorded();
        whatIsInProgressIsAGauge();

        assertThat(registry.getMeters())
                .flatExtracting(meter -> meter.getId().getTags())
                .extracting(Tag::getValue)
                .isNotEmpty()
                .noneMatch(value -> value.contains(KEY.toString()));
    }

    /** Dashboards and alerts depend on the names. */
    @Test
    void theDocumentedMetersExist() throws Exception {
        transfersAndReadersAreRecorded();
        whatIsInProgressIsAGauge();

        String page = Files.readString(Path.of("../../docs/observability.md"));
        assertThat(registry.getMeters())
                .extracting(Meter::getId)
                .extracting(Meter.Id::getName)
                .contains("blobstore.requests.sent", "blobstore.reader.prefetched")
                .allSatisfy(name -> assertThat(page).contains("`" + name + "`"));
    }
}
