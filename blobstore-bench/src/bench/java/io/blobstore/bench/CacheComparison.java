package io.blobstore.bench;

import io.blobstore.bench.CacheWorkload.CacheSpec;
import io.blobstore.bench.ComparisonResult.Figure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Measures a row of the cache's benchmark: its alternatives take turns, so that noise affects all of them equally. */
final class CacheComparison {
    private static final long MIB = 1 << 20;
    private static final long GIB = 1 << 30;

    /** An upper or lower limit of a figure of this library, or of its ratio to that of the baseline. */
    record Limit(Figure figure, boolean ofRatio, boolean isLeast, double value) {
        static Limit ratio(Figure figure, double most) {
            return new Limit(figure, true, false, most);
        }

        static Limit most(Figure figure, double value) {
            return new Limit(figure, false, false, value);
        }

        static Limit least(Figure figure, double value) {
            return new Limit(figure, false, true, value);
        }

        Verdict judge(ComparisonResult result) {
            String what = result.title() + ": " + figure.title + (ofRatio ? " / baseline's" : "");
            Optional<Series> ours = result.measured("BLOBSTORE").map(client -> result.series(client, figure));
            Optional<Series> baseline = result.measured("HAND_ROLLED").map(client -> result.series(client, figure));
            if (ours.isEmpty() || (ofRatio && baseline.isEmpty())) {
                return Verdict.open(what, "not measured", value, "%.2f");
            }
            Series measured = ofRatio ? ours.get().over(baseline.orElseThrow()) : ours.get();
            return isLeast ? Verdict.atLeast(what, measured, value) : Verdict.atMost(what, measured, "", value, "%.2f");
        }
    }

    /** What is measured. */
    enum Row {
        PUT_TEXT("Put, 64 MiB of text, 3:1", 64 * MIB, true),
        PUT_RANDOM("Put, 64 MiB of random bytes", 64 * MIB, false),
        GET_TEXT("Get into mapped memory, 64 MiB of text, 3:1", 64 * MIB, true),
        GET_RANDOM("Get into mapped memory, 64 MiB of random bytes", 64 * MIB, false),
        PUT_SMALL("Put, 16 KiB of text", 16 << 10, true),
        PUT_SMALL_DURABLE("Put, 16 KiB of text, forced to the device", 16 << 10, true),
        GET_SMALL("Get, 16 KiB of text", 16 << 10, true),
        RANGES("64 KiB of a compressed blob of 1 GiB, local directory", GIB, true),
        RANGES_S3("64 KiB of a compressed blob of 1 GiB, S3 server with 20 ms of latency", GIB, true),
        OPEN_200K("Open a cache of 200,000 entries", 200_000, true),
        OPEN_1M("Open a cache of 1,000,000 entries", 1_000_000, true),
        UPLOAD("Compressed upload of 2 GiB of text to the S3 server", 2 * GIB, true);

        private final String title;
        private final long size;
        private final boolean isText;

        Row(String title, long size, boolean isText) {
            this.title = title;
            this.size = size;
            this.isText = isText;
        }

        String title() {
            return title;
        }

        /** Returns the bytes of the contents of a round; 0 where that is no sensible unit. */
        long bytes() {
            return switch (this) {
                case PUT_SMALL, PUT_SMALL_DURABLE, GET_SMALL -> size * SmallContents.COUNT;
                case RANGES, RANGES_S3 -> CompressedRanges.COUNT * (64L << 10);
                case OPEN_200K, OPEN_1M -> 0;
                default -> size;
            };
        }

        /** Returns the operations of a round, if their number says more than bytes. */
        int operations() {
            return switch (this) {
                case PUT_SMALL, PUT_SMALL_DURABLE, GET_SMALL -> SmallContents.COUNT;
                case RANGES, RANGES_S3 -> CompressedRanges.COUNT;
                case OPEN_200K, OPEN_1M -> 1;
                default -> 0;
            };
        }

        /** Returns the bytes of the file with the content. */
        long sourceBytes() {
            return switch (this) {
                case PUT_SMALL, PUT_SMALL_DURABLE, GET_SMALL -> bytes();
                case OPEN_200K, OPEN_1M -> 1;
                default -> size;
            };
        }

        /** Returns the room that the files of all alternatives take at most. */
        long room() {
            return switch (this) {
                case OPEN_200K, OPEN_1M -> size * 8192;
                default -> 8 * sourceBytes();
            };
        }

        List<Limit> thresholds() {
            return switch (this) {
                case PUT_TEXT ->
                    List.of(
                            Limit.ratio(Figure.CPU, 1.1),
                            Limit.most(Figure.CPU, 2.8),
                            Limit.least(Figure.THROUGHPUT, 450),
                            Limit.most(Figure.HEAP, 16)); // 1 MiB for each 64 MiB
                case GET_TEXT ->
                    List.of(
                            Limit.ratio(Figure.CPU, 1.25),
                            Limit.most(Figure.CPU, 0.7),
                            Limit.least(Figure.THROUGHPUT, 1500));
                case PUT_SMALL -> List.of(Limit.least(Figure.OPERATIONS, 10_000));
                case PUT_SMALL_DURABLE -> List.of(Limit.least(Figure.OPERATIONS, 2_500));
                case OPEN_1M -> List.of(Limit.least(Figure.OPERATIONS, 0.5));
                case UPLOAD -> List.of(Limit.ratio(Figure.CPU, 1.1));
                default -> List.of();
            };
        }

        private List<Alternative> alternatives(Path source) {
            String file = "'" + source + "'";
            return switch (this) {
                case PUT_TEXT, PUT_RANDOM ->
                    List.of(
                            Alternative.subject(CacheWorkload.PUT),
                            Alternative.baseline(CacheWorkload.COMPRESS_AND_HASH),
                            Alternative.program(
                                    "zstd -1 -T2, and sha256sum",
                                    "zstd -q -f -1 -T2 " + file + " -o " + file + ".zst & sha256sum " + file
                                            + " >/dev/null; wait"),
                            Alternative.program("cp", "cp " + file + " " + file + ".copy"));
                case GET_TEXT, GET_RANDOM ->
                    List.of(
                            Alternative.subject(CacheWorkload.GET),
                            Alternative.baseline(CacheWorkload.DECODE),
                            Alternative.program(
                                    "zstd -d",
                                    "[ -f " + file + ".zst ] || zstd -q -1 " + file + " -o " + file + ".zst",
                                    "zstd -q -f -d " + file + ".zst -o " + file + ".out"),
                            Alternative.program("cp", "cp " + file + " " + file + ".copy"));
                case PUT_SMALL -> List.of(Alternative.subject(CacheWorkload.PUT_SMALL));
                case PUT_SMALL_DURABLE -> List.of(Alternative.subject(CacheWorkload.PUT_SMALL_DURABLE));
                case GET_SMALL -> List.of(Alternative.subject(CacheWorkload.GET_SMALL));
                case RANGES, RANGES_S3 -> List.of(Alternative.subject(CacheWorkload.RANGES));
                case OPEN_200K, OPEN_1M -> List.of(Alternative.subject(CacheWorkload.OPEN));
                case UPLOAD ->
                    List.of(Alternative.subject(CacheWorkload.UPLOAD), Alternative.baseline(CacheWorkload.COMPRESS));
            };
        }
    }

    /**
     * One way to do the work: a workload in a JVM of its own, or a shell command.
     *
     * @param prepare a shell command that is not measured
     */
    private record Alternative(
            String client, String title, Optional<CacheWorkload> workload, String prepare, String command) {
        static Alternative subject(CacheWorkload workload) {
            return new Alternative("BLOBSTORE", workload.title, Optional.of(workload), "", "");
        }

        static Alternative baseline(CacheWorkload workload) {
            return new Alternative("HAND_ROLLED", workload.title, Optional.of(workload), "", "");
        }

        static Alternative program(String title, String command) {
            return program(title, ":", command);
        }

        static Alternative program(String title, String prepare, String command) {
            return new Alternative(title, title, Optional.empty(), prepare, command);
        }
    }

    private static final Duration TIMEOUT = Duration.ofMinutes(20);

    private final Row row;
    private final Workspace workspace;

    CacheComparison(Row row, Workspace workspace) {
        this.row = row;
        this.workspace = workspace;
    }

    /** Measures all alternatives. */
    ComparisonResult run(int warmUp, int rounds) throws IOException, InterruptedException {
        Path content = TextContent.create(workspace, "content", row.sourceBytes(), row.isText);
        Path source = row == Row.RANGES || row == Row.RANGES_S3 ? CompressedUploads.compressedFile(content) : content;
        List<ClientResult> results = new ArrayList<>();
        List<Alternative> alternatives = row.alternatives(source);
        List<Turn> turns = new ArrayList<>();
        try (Served server = Served.of(row, source)) {
            for (int i = 0; i < alternatives.size(); i++) {
                turns.add(start(alternatives.get(i), i, source, server));
            }
            List<List<Measurement>> measured = new ArrayList<>();
            turns.forEach(turn -> measured.add(new ArrayList<>()));
            for (int round = -warmUp; round < rounds; round++) {
                for (int i = 0; i < turns.size(); i++) {
                    Measurement result = turns.get(i).run();
                    if (round >= 0) {
                        measured.get(i).add(result);
                    }
                }
            }
            for (int i = 0; i < turns.size(); i++) {
                Alternative each = alternatives.get(i);
                results.add(new ClientResult(each.client(), each.title(), "", "", measured.get(i), 0, 1, ""));
            }
        } finally {
            turns.forEach(Turn::close);
        }
        String setting = rounds + " rounds after " + warmUp;
        return new ComparisonResult(row.title(), setting, row.operations(), row.bytes() / (double) MIB, results);
    }

    /** The server of a row, if it needs one. */
    private record Served(Optional<DiscardServer> server) implements AutoCloseable {
        static Served of(Row row, Path source) throws IOException {
            return new Served(
                    switch (row) {
                        case RANGES_S3 -> Optional.of(DiscardServer.start(source, new Conditions(20, Long.MAX_VALUE)));
                        case UPLOAD -> Optional.of(DiscardServer.start(Optional.empty(), 1, Conditions.NONE));
                        default -> Optional.empty();
                    });
        }

        String endpoint() {
            return server.map(running -> "http://127.0.0.1:" + running.port()).orElse("");
        }

        @Override
        public void close() throws IOException {
            if (server.isPresent()) {
                server.get().close();
            }
        }
    }

    /** An alternative that is ready to be measured. */
    private interface Turn extends AutoCloseable {
        Measurement run() throws IOException, InterruptedException;

        @Override
        default void close() {}
    }

    private Turn start(Alternative alternative, int number, Path source, Served server)
            throws IOException, InterruptedException {
        if (alternative.workload().isEmpty()) {
            ShellTimer.run(alternative.prepare());
            return () -> ShellTimer.time(alternative.command());
        }
        Path directory = Files.createDirectory(workspace.directory().resolve("run-" + number));
        CacheSpec spec = new CacheSpec(directory, source, row.size, server.endpoint());
        List<String> options = new ArrayList<>(BenchmarkEnvironment.CLIENT_OPTIONS);
        options.addAll(List.of(
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-Daws.accessKeyId=benchmark",
                "-Daws.secretAccessKey=benchmark",
                "-Daws.disableEc2Metadata=true"));
        ChildProcess process = ChildProcess.start(
                CacheMain.class,
                options,
                List.of(
                        alternative.workload().get().name(),
                        spec.directory().toString(),
                        spec.source().toString(),
                        Long.toString(spec.size()),
                        spec.endpoint()),
                Map.of(),
                directory.resolve("log"));
        process.await("#ready", TIMEOUT, () -> {});
        return new Turn() {
            @Override
            public Measurement run() throws IOException, InterruptedException {
                process.send("round");
                return Measurement.parse(
                        process.await("#result ", TIMEOUT, () -> {}).substring("#result ".length()));
            }

            @Override
            public void close() {
                process.close();
            }
        };
    }
}
