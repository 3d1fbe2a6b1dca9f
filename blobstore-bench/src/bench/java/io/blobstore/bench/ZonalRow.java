package io.blobstore.bench;

import io.blobstore.bench.Alternative.InJvm;
import io.blobstore.bench.ComparisonResult.Figure;
import io.blobstore.gcs.grpc.FakeGrpcServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** What the benchmark of zonal buckets measures, against a fake of their service in a process of its own. */
enum ZonalRow implements BenchRow {
    WHOLE("64 MiB over gRPC with one range", Conditions.NONE),
    CONNECTIONS("512 MiB over gRPC in parts", new Conditions(20, 50 << 20)),
    SMALL("4 KiB over gRPC at random", new Conditions(20, 50 << 20)),
    BESIDE_LARGE("4 KiB over gRPC at random, beside a range of 64 MiB", new Conditions(20, 50 << 20));

    /** The property that limits the direct memory of gRPC's Netty, which fails beyond it. */
    private static final String NETTY_MEMORY = "-Dio.grpc.netty.shaded.io.netty.maxDirectMemory=";

    /** The two messages of 2 MiB that may wait in a session, and 16 MiB. */
    private static final long NETTY_BYTES = 20 << 20;

    private static final Duration TIMEOUT = Duration.ofMinutes(1);

    private final String title;
    private final Conditions network;

    ZonalRow(String title, Conditions network) {
        this.title = title;
        this.network = network;
    }

    @Override
    public String title() {
        return title;
    }

    @Override
    public long room() {
        return 1 << 20;
    }

    /** Returns the bytes of the object: so many that what precedes the parts matters little to a download. */
    private int size() {
        return this == CONNECTIONS ? 512 << 20 : 64 << 20;
    }

    private boolean isSmall() {
        return this == SMALL || this == BESIDE_LARGE;
    }

    private List<Limit> limits() {
        double roundTrips = 1000.0 / network.latencyMillis(); // in a second
        return switch (this) {
            case WHOLE -> List.of(Limit.ratio(Figure.CPU, 1.3), Limit.most(Figure.HEAP, 80));
            case CONNECTIONS -> List.of(Limit.faster(ZonalWorkload.ONE_CONNECTION.name(), 3.5));
            case SMALL -> List.of(Limit.least(Figure.OPERATIONS, roundTrips / 1.2));
            case BESIDE_LARGE -> List.of(Limit.least(Figure.OPERATIONS, roundTrips / 2));
        };
    }

    private List<Alternative> alternatives() {
        return switch (this) {
            case WHOLE ->
                List.of(
                        new Alternative(
                                Alternative.SUBJECT,
                                ZonalWorkload.WHOLE.title() + ", Netty limited to 20 MiB",
                                new InJvm(ZonalWorkload.WHOLE, List.of(NETTY_MEMORY + NETTY_BYTES), false)),
                        Alternative.baseline(ZonalWorkload.SDK_CHANNEL));
            case CONNECTIONS ->
                List.of(
                        Alternative.subject(ZonalWorkload.FOUR_CONNECTIONS),
                        Alternative.inJvm(ZonalWorkload.ONE_CONNECTION.name(), ZonalWorkload.ONE_CONNECTION));
            case SMALL -> List.of(Alternative.subject(ZonalWorkload.SMALL));
            case BESIDE_LARGE -> List.of(Alternative.subject(ZonalWorkload.BESIDE_LARGE));
        };
    }

    @Override
    public Result measure(Setting setting) throws IOException, InterruptedException {
        Path directory = setting.workspace().directory();
        ChildProcess server = ChildProcess.start(
                FakeGrpcServer.class,
                List.of("-Xmx2g", "-XX:+UseSerialGC"),
                List.of(ZonalRuns.OBJECT, Integer.toString(size())),
                Map.of(),
                directory.resolve("log"));
        try {
            int port =
                    Integer.parseInt(server.await("#port ", TIMEOUT, () -> {}).substring("#port ".length()));
            InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
            try (NetworkProxy proxy = NetworkProxy.start(address, network)) {
                int used = network == Conditions.NONE ? port : proxy.port();
                List<ClientResult> clients =
                        new RowComparison(setting, directory, size(), "http://127.0.0.1:" + used).run(alternatives());
                double mib = (double) size() * (this == WHOLE ? ZonalRuns.READS : 1) / (1 << 20);
                int operations = isSmall() ? ZonalRuns.SMALL_READS : 0;
                String how = setting + "; " + network;
                return Result.of(new ComparisonResult(title, how, operations, mib, clients), Figure.CPU, limits());
            }
        } finally {
            server.close();
        }
    }
}
