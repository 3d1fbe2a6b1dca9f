package io.blobstore.bench;

import static io.blobstore.bench.Competitor.APACHE_SYNC;
import static io.blobstore.bench.Competitor.APACHE_SYNC_DEFAULT;
import static io.blobstore.bench.Competitor.BLOBSTORE;
import static io.blobstore.bench.Competitor.CRT_ASYNC;
import static io.blobstore.bench.Competitor.CRT_TRANSFER_MANAGER;
import static io.blobstore.bench.Competitor.CRT_TRANSFER_MANAGER_DEFAULT;
import static io.blobstore.bench.Competitor.GCS_BLOBSTORE;
import static io.blobstore.bench.Competitor.GCS_MULTIPART_CLIENT;
import static io.blobstore.bench.Competitor.GCS_STORAGE;
import static io.blobstore.bench.Competitor.GCS_STORAGE_DEFAULT;
import static io.blobstore.bench.Competitor.GCS_TRANSFER_MANAGER;
import static io.blobstore.bench.Competitor.GCS_TRANSFER_MANAGER_DEFAULT;
import static io.blobstore.bench.Competitor.GCS_WRITE_SESSION;
import static io.blobstore.bench.Competitor.HAND_ROLLED;
import static io.blobstore.bench.Competitor.JDK_HTTP_CLIENT;
import static io.blobstore.bench.Competitor.NETTY_ASYNC;
import static io.blobstore.bench.Competitor.NETTY_ASYNC_DEFAULT;
import static io.blobstore.bench.Competitor.NETTY_TRANSFER_MANAGER;
import static io.blobstore.bench.Competitor.NETTY_TRANSFER_MANAGER_DEFAULT;
import static io.blobstore.bench.Competitor.OPENDAL;
import static io.blobstore.bench.Competitor.OPENDAL_WHOLE;
import static io.blobstore.bench.Competitor.SENDFILE;
import static io.blobstore.bench.Competitor.URL_CONNECTION_SYNC;

import io.blobstore.bench.Comparison.Pace;
import io.blobstore.bench.Scenario.Direction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What a report measures: who is compared, with how much, and how long. */
final class ReportPlan {
    static final String UPLOAD = "UploadBenchmark.upload";
    static final String INTO_MEMORY = "DownloadBenchmark.intoMemory";
    static final String INTO_FILE = "DownloadBenchmark.intoFile";
    private static final String SCALING = "ScalingBenchmark.upload";
    private static final String PUT = "SmallObjectsBenchmark.put";
    private static final String GET = "SmallObjectsBenchmark.get";

    private static final String JMH = "io\\.blobstore\\.bench\\.jmh\\.";
    private static final int MIB = 1 << 20;
    private static final int PART = 8 * MIB;
    private static final int CONCURRENCY = 4;

    /** As the benchmarks of JMH's have them. */
    static final List<Competitor> UPLOADERS = List.of(
            BLOBSTORE,
            HAND_ROLLED,
            SENDFILE,
            JDK_HTTP_CLIENT,
            NETTY_ASYNC,
            NETTY_ASYNC_DEFAULT,
            CRT_ASYNC,
            CRT_TRANSFER_MANAGER,
            NETTY_TRANSFER_MANAGER,
            CRT_TRANSFER_MANAGER_DEFAULT,
            NETTY_TRANSFER_MANAGER_DEFAULT,
            APACHE_SYNC,
            URL_CONNECTION_SYNC,
            APACHE_SYNC_DEFAULT,
            OPENDAL,
            OPENDAL_WHOLE,
            GCS_BLOBSTORE,
            GCS_MULTIPART_CLIENT,
            GCS_TRANSFER_MANAGER,
            GCS_TRANSFER_MANAGER_DEFAULT,
            GCS_WRITE_SESSION);

    static final List<Competitor> READERS = List.of(
            BLOBSTORE,
            HAND_ROLLED,
            JDK_HTTP_CLIENT,
            NETTY_ASYNC,
            CRT_ASYNC,
            APACHE_SYNC,
            URL_CONNECTION_SYNC,
            CRT_TRANSFER_MANAGER,
            NETTY_TRANSFER_MANAGER,
            APACHE_SYNC_DEFAULT,
            OPENDAL,
            GCS_BLOBSTORE,
            GCS_STORAGE,
            GCS_STORAGE_DEFAULT);

    static final List<Competitor> DOWNLOADERS = List.of(
            BLOBSTORE,
            HAND_ROLLED,
            JDK_HTTP_CLIENT,
            NETTY_ASYNC_DEFAULT,
            CRT_TRANSFER_MANAGER,
            NETTY_TRANSFER_MANAGER,
            CRT_TRANSFER_MANAGER_DEFAULT,
            NETTY_TRANSFER_MANAGER_DEFAULT,
            APACHE_SYNC_DEFAULT,
            OPENDAL,
            GCS_BLOBSTORE,
            GCS_TRANSFER_MANAGER,
            GCS_TRANSFER_MANAGER_DEFAULT,
            GCS_STORAGE_DEFAULT);

    static final List<Competitor> MOVERS_OF_SMALL_OBJECTS =
            List.of(BLOBSTORE, HAND_ROLLED, APACHE_SYNC, NETTY_ASYNC, CRT_ASYNC, GCS_BLOBSTORE, GCS_STORAGE);

    private ReportPlan() {}

    /** Everything. */
    static List<ReportStep> full() {
        int size = 512 * MIB;
        Pace steady = new Pace(warmUp(5, 10, 26), 5, 0.6);
        // One new file may take twice the CPU of the next, of whichever client: three or more in a turn.
        Pace files = new Pace(steady.warmUp(), 7, 2.0);
        List<ReportStep> steps = new ArrayList<>();
        steps.add(new ReportStep.Jmh("lease", JMH + "(Lease|Mapping|Checksum)Benchmark"));
        steps.add(new ReportStep.Jmh("local-store", JMH + "LocalStoreBenchmark"));
        for (boolean encrypted : List.of(false, true)) {
            String suffix = encrypted ? "-https" : "-http";
            steps.addAll(transfers(suffix, steady, files, encrypted, size, UPLOADERS, READERS, DOWNLOADERS));
            steps.add(new ReportStep.InTurns(
                    "small-objects" + suffix,
                    new Pace(warmUp(0, 3, 10), 4, 0.4),
                    smallObjects(encrypted, List.of(4096, 65_536, MIB), MOVERS_OF_SMALL_OBJECTS)));
            steps.add(
                    new ReportStep.InTurns("scaling" + suffix, new Pace(warmUp(4, 3, 8), 3, 0.4), scaling(encrypted)));
        }
        return List.copyOf(steps);
    }

    /** The most telling part of it, and of clients that are not warm. */
    static List<ReportStep> quick() {
        int size = 256 * MIB;
        Pace brief = new Pace(warmUp(2, 2, 3), 3, 0.3);
        List<ReportStep> steps = new ArrayList<>();
        for (boolean encrypted : List.of(false, true)) {
            String suffix = encrypted ? "-https" : "-http";
            steps.addAll(transfers(
                    suffix,
                    brief,
                    brief,
                    encrypted,
                    size,
                    List.of(
                            BLOBSTORE,
                            HAND_ROLLED,
                            JDK_HTTP_CLIENT,
                            OPENDAL_WHOLE,
                            CRT_TRANSFER_MANAGER,
                            NETTY_TRANSFER_MANAGER,
                            GCS_BLOBSTORE,
                            GCS_MULTIPART_CLIENT,
                            GCS_TRANSFER_MANAGER),
                    List.of(BLOBSTORE, HAND_ROLLED, JDK_HTTP_CLIENT, APACHE_SYNC, CRT_TRANSFER_MANAGER, GCS_BLOBSTORE),
                    List.of(BLOBSTORE, HAND_ROLLED, CRT_TRANSFER_MANAGER)));
        }
        steps.add(new ReportStep.InTurns(
                "small-objects",
                brief,
                smallObjects(false, List.of(4096), List.of(BLOBSTORE, HAND_ROLLED, APACHE_SYNC, GCS_BLOBSTORE))));
        steps.add(new ReportStep.Jmh("lease", JMH + "(Lease|Mapping|Checksum)Benchmark", "-wi", "1", "-i", "2"));
        steps.add(
                new ReportStep.Jmh("local-store", JMH + "LocalStoreBenchmark", "-p", "mib=256", "-w", "1", "-i", "3"));
        return List.copyOf(steps);
    }

    private static WarmUp warmUp(int rehearsal, int least, int most) {
        return new WarmUp(Duration.ofSeconds(rehearsal), Duration.ofSeconds(least), Duration.ofSeconds(most));
    }

    private static List<ReportStep> transfers(
            String suffix,
            Pace pace,
            Pace files,
            boolean encrypted,
            long size,
            List<Competitor> uploaders,
            List<Competitor> readers,
            List<Competitor> downloaders) {
        return List.of(
                step("upload" + suffix, pace, UPLOAD, Direction.UPLOAD, encrypted, size, uploaders),
                step("download-into-memory" + suffix, pace, INTO_MEMORY, Direction.READ, encrypted, size, readers),
                step(
                        "download-into-file" + suffix,
                        files,
                        INTO_FILE,
                        Direction.DOWNLOAD,
                        encrypted,
                        size,
                        downloaders));
    }

    private static ReportStep step(
            String name,
            Pace pace,
            String benchmark,
            Direction direction,
            boolean encrypted,
            long size,
            List<Competitor> competitors) {
        Comparison comparison = new Comparison(benchmark, direction, encrypted, size, PART, CONCURRENCY, competitors);
        return new ReportStep.InTurns(name, pace, List.of(comparison));
    }

    private static List<Comparison> smallObjects(boolean encrypted, List<Integer> sizes, List<Competitor> competitors) {
        List<Comparison> comparisons = new ArrayList<>();
        for (int bytes : sizes) {
            comparisons.add(new Comparison(PUT, Direction.PUT, encrypted, bytes, bytes, CONCURRENCY, competitors));
            comparisons.add(new Comparison(GET, Direction.GET, encrypted, bytes, bytes, CONCURRENCY, competitors));
        }
        return comparisons;
    }

    /** Over one parameter at a time; what all three have in common is measured once. */
    private static List<Comparison> scaling(boolean encrypted) {
        List<Comparison> comparisons = new ArrayList<>();
        for (int mib : List.of(256, 1024, 4096, 8192)) {
            comparisons.add(scaling(encrypted, mib, PART, CONCURRENCY));
        }
        for (int partMib : List.of(5, 8, 16, 32, 64)) {
            comparisons.add(scaling(encrypted, 512, partMib * MIB, CONCURRENCY));
        }
        for (int concurrency : List.of(1, 2, 8, 16)) {
            comparisons.add(scaling(encrypted, 512, PART, concurrency));
        }
        return comparisons;
    }

    private static Comparison scaling(boolean encrypted, int mib, int partSize, int concurrency) {
        return new Comparison(
                SCALING,
                Direction.UPLOAD,
                encrypted,
                (long) mib * MIB,
                partSize,
                concurrency,
                List.of(BLOBSTORE, HAND_ROLLED));
    }
}
