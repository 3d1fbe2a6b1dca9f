package io.blobstore.bench;

import io.blobstore.bench.Alternative.ByServer;
import io.blobstore.bench.Alternative.Missing;
import io.blobstore.bench.ComparisonResult.Figure;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** What the benchmark of the cache server measures. */
enum ServerRow implements BenchRow {
    PUT_TEXT("PUT of 64 MiB of text, one connection", 64L << 20, 4),
    GET_RAW("GET of 64 MiB of random bytes, one connection", 64L << 20, 4),
    GET_ZSTD("GET of 64 MiB of text, compressed", 64L << 20, 4),
    GET_DECODED("GET of 64 MiB of text, decoded", 64L << 20, 4),
    GET_SMALL("GET of 16 KiB of text, 32 connections", 16 << 10, 8192),
    PUT_SMALL("PUT of 16 KiB of text, 32 connections", 16 << 10, 8192),
    PUT_SMALL_DURABLE("PUT of 16 KiB of text, 32 connections, forced to the device", 16 << 10, 8192),
    MEMORY("PUT and GET of 4 MiB of text, 64 connections", 4L << 20, 64),
    GRPC_WRITE("gRPC: write of 64 MiB of text", 64L << 20, 4),
    GRPC_READ("gRPC: read of 64 MiB of text", 64L << 20, 4),
    GRPC_WRITE_ZSTD("gRPC: write of 64 MiB of text, compressed", 64L << 20, 4),
    GRPC_READ_ZSTD("gRPC: read of 64 MiB of text, compressed", 64L << 20, 4);

    /** How often the contents of a round are stored: in each round, or before the first. */
    private static final int PUTS = 12;

    private static final int GETS = 4;

    private static final String NETTY = "Netty, files";

    private final String title;
    private final long size;
    private final int contents;

    ServerRow(String title, long size, int contents) {
        this.title = title;
        this.size = size;
        this.contents = contents;
    }

    @Override
    public String title() {
        return title;
    }

    @Override
    public long room() {
        return size * contents * (isRead() ? GETS : PUTS);
    }

    @Override
    public boolean needsDevice() {
        return this == PUT_SMALL_DURABLE;
    }

    private boolean isSmall() {
        return size < 1 << 20;
    }

    private boolean isRead() {
        return switch (this) {
            case GET_RAW, GET_ZSTD, GET_DECODED, GET_SMALL, GRPC_READ, GRPC_READ_ZSTD -> true;
            default -> false;
        };
    }

    /** Returns how often each content is transferred in a round. */
    private int times() {
        return switch (this) {
            case GET_RAW, GET_ZSTD, GET_DECODED, MEMORY -> 4;
            case GRPC_READ, GRPC_READ_ZSTD -> 2;
            default -> 1;
        };
    }

    private List<Limit> limits() {
        return switch (this) {
            case PUT_TEXT -> List.of(Limit.most(Figure.CPU, 3.3), Limit.least(Figure.THROUGHPUT, 280));
            case GET_RAW -> List.of(Limit.faster(Alternative.BASELINE, 0.9));
            case GET_ZSTD, GRPC_WRITE, GRPC_READ, GRPC_WRITE_ZSTD, GRPC_READ_ZSTD -> List.of();
            case GET_DECODED -> List.of(Limit.least(Figure.THROUGHPUT, 900));
            case GET_SMALL -> List.of(Limit.least(Figure.OPERATIONS, 12_000));
            case PUT_SMALL, PUT_SMALL_DURABLE -> List.of(Limit.least(Figure.OPERATIONS, 3_000));
            case MEMORY -> List.of(Limit.most(Figure.MEMORY, 128));
        };
    }

    private static Alternative subject(ServerProcess.Starter server, ServerWorkload workload) {
        return new Alternative(Alternative.SUBJECT, "blobstore serve", new ByServer(server, workload, false));
    }

    private static Alternative files(ServerWorkload workload) {
        return new Alternative(Alternative.BASELINE, NETTY, new ByServer(ServerProcess.files(), workload, false));
    }

    /** Returns a run of zstd for all that a round transfers, if there is such a program. */
    private static Alternative zstd(String title, String once, String command, String file, int times) {
        boolean isThere = Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, "zstd")));
        String all = command + (" " + file).repeat(times) + " >/dev/null";
        return isThere
                ? Alternative.program(title, once, all)
                : new Alternative(title, title, new Missing("there is no zstd on the PATH"));
    }

    private List<Alternative> alternatives(Path source) {
        ServerProcess.Starter server = ServerProcess.http();
        String file = "'" + source + "'";
        return switch (this) {
            case PUT_TEXT ->
                List.of(
                        subject(server, ServerWorkload.PUT_1),
                        files(ServerWorkload.PUT_1),
                        zstd("zstd -1", ":", "zstd -q -1 -T1 -c", file, 1));
            case GET_RAW -> List.of(subject(server, ServerWorkload.GET_1), files(ServerWorkload.GET_1));
            case GET_ZSTD -> List.of(subject(server, ServerWorkload.GET_ZSTD_1));
            case GET_DECODED ->
                List.of(
                        subject(server, ServerWorkload.GET_1),
                        files(ServerWorkload.GET_1),
                        zstd("zstd -d", "zstd -q -1 " + file, "zstd -q -d -c", file + ".zst", times()));
            case GET_SMALL -> List.of(subject(server, ServerWorkload.GET_32), files(ServerWorkload.GET_32));
            case PUT_SMALL -> List.of(subject(server, ServerWorkload.PUT_32), files(ServerWorkload.PUT_32));
            case PUT_SMALL_DURABLE -> List.of(subject(ServerProcess.http("--durability=file"), ServerWorkload.PUT_32));
            case MEMORY ->
                List.of(new Alternative(
                        Alternative.SUBJECT, "blobstore serve", new ByServer(server, ServerWorkload.MIXED_64, true)));
            case GRPC_WRITE -> List.of(subject(ServerProcess.grpc(), ServerWorkload.WRITE));
            case GRPC_READ -> List.of(subject(ServerProcess.grpc(), ServerWorkload.READ));
            case GRPC_WRITE_ZSTD -> List.of(subject(ServerProcess.grpc(), ServerWorkload.WRITE_ZSTD));
            case GRPC_READ_ZSTD -> List.of(subject(ServerProcess.grpc(), ServerWorkload.READ_ZSTD));
        };
    }

    @Override
    public Result measure(Setting setting) throws IOException, InterruptedException {
        long scaledSize = isSmall() ? size : setting.scaled(size);
        long scaledContents = isSmall() ? setting.scaled(contents) : contents;
        long bytes = scaledSize * scaledContents;
        if (!needsDevice()) {
            setting.workspace().touch(setting.scaled(room()));
        }
        Path source = TextContent.create(setting.workspace(), "content", bytes, this != GET_RAW);
        List<ClientResult> results = new RowComparison(setting, source, scaledSize, "").run(alternatives(source));
        String how = setting + "; server: java " + String.join(" ", ServerProcess.OPTIONS) + ", storage mode hybrid, "
                + (needsDevice() ? "durability file" : "durability none") + ", on "
                + Files.getFileStore(source).type();
        int operations = isSmall() ? (int) scaledContents : 0;
        double mib = times() * bytes / (double) (1 << 20);
        return Result.of(new ComparisonResult(title, how, operations, mib, results), Figure.CPU, limits());
    }
}
