package io.blobstore.bench;

import io.blobstore.bench.ComparisonResult.Figure;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What the benchmark of the cache measures. */
enum CacheRow implements BenchRow {
    PUT_TEXT("Put, 64 MiB of text, 3:1", 64L << 20, true),
    PUT_RANDOM("Put, 64 MiB of random bytes", 64L << 20, false),
    GET_TEXT("Get into mapped memory, 64 MiB of text, 3:1", 64L << 20, true),
    GET_RANDOM("Get into mapped memory, 64 MiB of random bytes", 64L << 20, false),
    PUT_SMALL("Put, 16 KiB of text", 16 << 10, true),
    PUT_SMALL_DURABLE("Put, 16 KiB of text, forced to the device", 16 << 10, true),
    GET_SMALL("Get, 16 KiB of text", 16 << 10, true),
    RANGES("64 KiB of a compressed blob of 1 GiB, local directory", 1L << 30, true),
    RANGES_S3("64 KiB of a compressed blob of 1 GiB, S3 server with 20 ms of latency", 1L << 30, true),
    OPEN_200K("Open a cache of 200,000 entries", 200_000, true),
    OPEN_1M("Open a cache of 1,000,000 entries", 1_000_000, true),
    UPLOAD("Compressed upload of 2 GiB of text to the S3 server", 2L << 30, true);

    private final String title;
    private final long size;
    private final boolean isText;

    CacheRow(String title, long size, boolean isText) {
        this.title = title;
        this.size = size;
        this.isText = isText;
    }

    @Override
    public String title() {
        return title;
    }

    /** Returns the bytes of the contents of a round; 0 where that is no sensible unit. */
    private long bytes() {
        return switch (this) {
            case PUT_SMALL, PUT_SMALL_DURABLE, GET_SMALL -> size * SmallContents.COUNT;
            case RANGES, RANGES_S3 -> CompressedRanges.COUNT * (64L << 10);
            case OPEN_200K, OPEN_1M -> 0;
            default -> size;
        };
    }

    /** Returns the operations of a round, if their number says more than bytes. */
    private int operations() {
        return switch (this) {
            case PUT_SMALL, PUT_SMALL_DURABLE, GET_SMALL -> SmallContents.COUNT;
            case RANGES, RANGES_S3 -> CompressedRanges.COUNT;
            case OPEN_200K, OPEN_1M -> 1;
            default -> 0;
        };
    }

    /** Returns the bytes of the file with the content. */
    private long sourceBytes() {
        return switch (this) {
            case PUT_SMALL, PUT_SMALL_DURABLE, GET_SMALL -> bytes();
            case OPEN_200K, OPEN_1M -> 1;
            default -> size;
        };
    }

    @Override
    public long room() {
        return switch (this) {
            case OPEN_200K, OPEN_1M -> size * 8192;
            default -> 8 * sourceBytes();
        };
    }

    private List<Limit> thresholds() {
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

    @Override
    public Result measure(Setting setting) throws IOException, InterruptedException {
        Path content = TextContent.create(setting.workspace(), "content", sourceBytes(), isText);
        Path source = this == RANGES || this == RANGES_S3 ? CompressedUploads.compressedFile(content) : content;
        try (Served server = Served.of(this, source)) {
            List<ClientResult> results =
                    new RowComparison(setting, source, size, server.endpoint()).run(alternatives(source));
            double mib = bytes() / (double) (1 << 20);
            ComparisonResult result = new ComparisonResult(title, setting.toString(), operations(), mib, results);
            return Result.of(result, Figure.CPU, thresholds());
        }
    }

    /** The server of a row, if it needs one. */
    private record Served(Optional<DiscardServer> server) implements AutoCloseable {
        static Served of(CacheRow row, Path source) throws IOException {
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
}
