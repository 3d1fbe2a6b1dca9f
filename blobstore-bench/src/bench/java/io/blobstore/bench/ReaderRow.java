package io.blobstore.bench;

import io.blobstore.bench.ComparisonResult.Figure;
import io.blobstore.bench.ReadPlan.Read;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** The ways to read a blob that the benchmark of readers measures. */
enum ReaderRow implements BenchRow {
    SEQUENTIAL("Sequential, 1 MiB at a time"),
    RANDOM("Random, 64 reads of 1 MiB"),
    STRIDED("Strided, 1 MiB of every 4 MiB"),
    BACKWARD("Backward, 64 reads of 1 MiB from the end"),
    PIECES("Small pieces, 64 MiB in pieces of 64 KiB"),
    EIGHT_READERS("Eight readers, each with its eighth of the blob"),
    ZIP("As a zip library: the tail, then 64 scattered members of 256 KiB"),
    WHOLE("The whole blob with one call");

    private static final int MIB = 1 << 20;
    private static final int KIB = 1 << 10;
    private static final long SIZE = 256L * MIB;

    /** The server: 20 ms to the first byte, and 50 MiB/s for each connection. */
    private static final Conditions CONDITIONS = new Conditions(20, 50 * MIB);

    private final String title;

    ReaderRow(String title) {
        this.title = title;
    }

    @Override
    public String title() {
        return title;
    }

    @Override
    public long room() {
        return SIZE;
    }

    /** Returns the reads of a round from a blob of a number of bytes, which is a multiple of 32 MiB. */
    ReadPlan plan(long size) {
        SplittableRandom random = new SplittableRandom(42);
        return switch (this) {
            case SEQUENTIAL -> one(every(0, size, MIB));
            case RANDOM -> one(IntStream.range(0, 64).mapToObj(i -> new Read(random.nextLong(size - MIB), MIB)));
            case STRIDED -> one(LongStream.range(0, size / (4 * MIB)).mapToObj(i -> new Read(i * 4 * MIB, MIB)));
            case BACKWARD ->
                one(LongStream.rangeClosed(1, Math.min(64, size / MIB)).mapToObj(i -> new Read(size - i * MIB, MIB)));
            case PIECES -> one(every(0, Math.min(size, 64 * MIB), 64 * KIB));
            case EIGHT_READERS ->
                new ReadPlan(IntStream.range(0, 8)
                        .mapToObj(i ->
                                every(i * size / 8, (i + 1) * size / 8, MIB).toList())
                        .toList());
            case ZIP -> zip(size, random);
            case WHOLE -> one(Stream.of(new Read(0, (int) size)));
        };
    }

    private static ReadPlan one(Stream<Read> reads) {
        return new ReadPlan(List.of(reads.toList()));
    }

    private static Stream<Read> every(long from, long to, int length) {
        return LongStream.range(0, (to - from) / length).mapToObj(i -> new Read(from + i * length, length));
    }

    /** Reads the tail with the directory, then of each member its header and its content. */
    private static ReadPlan zip(long size, SplittableRandom random) {
        int tail = 64 * KIB;
        int header = 4 * KIB;
        List<Read> reads = new ArrayList<>(List.of(new Read(-tail, tail)));
        for (int i = 0; i < 64; i++) {
            long member = random.nextLong(size - MIB);
            reads.add(new Read(member, header));
            reads.add(new Read(member + header, 256 * KIB - header));
        }
        return new ReadPlan(List.of(reads));
    }

    /** Returns how much faster than each other client with default settings this library is to be. */
    private double least() {
        return switch (this) {
            case SEQUENTIAL, STRIDED, BACKWARD -> 2;
            default -> 1;
        };
    }

    private List<Limit> limits() {
        List<Limit> limits = new ArrayList<>();
        for (String peer : List.of(ReaderWorkload.ACCELERATOR.name(), PythonReaders.GCSFS, PythonReaders.OPENDAL)) {
            limits.add(Limit.faster(peer, this == RANDOM && peer.equals(PythonReaders.GCSFS) ? 1.5 : least()));
        }
        switch (this) {
            case SEQUENTIAL -> {
                limits.add(Limit.faster(PythonReaders.OPENDAL_CHUNKS, 1));
                limits.add(Limit.faster(ReaderWorkload.WITHOUT_READ_AHEAD.name(), 10));
            }
            case WHOLE -> limits.add(Limit.faster(PythonReaders.OPENDAL_CHUNKS, 1));
            case RANDOM -> limits.add(Limit.most(Figure.FETCHED, 1.02));
            case PIECES, ZIP -> limits.add(Limit.most(Figure.FETCHED, 1.06));
            default -> {}
        }
        return limits;
    }

    @Override
    public Result measure(Setting setting) throws IOException, InterruptedException {
        long size = Math.max(32L * MIB, setting.scaled(SIZE) / (32 * MIB) * (32 * MIB));
        ReadPlan plan = plan(size);
        Path source = setting.workspace().directory().resolve("reads");
        plan.write(source);
        try (DiscardServer server = DiscardServer.start(setting.workspace().content("blob", size), CONDITIONS)) {
            List<Alternative> alternatives = new ArrayList<>(List.of(Alternative.subject(ReaderWorkload.BLOB_READER)));
            if (this == SEQUENTIAL) {
                alternatives.add(
                        Alternative.inJvm(ReaderWorkload.WITHOUT_READ_AHEAD.name(), ReaderWorkload.WITHOUT_READ_AHEAD));
            }
            alternatives.add(Alternative.inJvm(ReaderWorkload.ACCELERATOR.name(), ReaderWorkload.ACCELERATOR));
            String endpoint = "http://127.0.0.1:" + server.port();
            boolean isInOrder = this == SEQUENTIAL || this == WHOLE;
            alternatives.addAll(PythonReaders.alternatives(source, size, endpoint, isInOrder));
            List<ClientResult> clients = new RowComparison(
                            setting, source, size, endpoint, new RowComparison.Traffic(server::sent, plan.bytes()))
                    .run(alternatives);
            double mib = plan.bytes() / (double) MIB;
            String how = setting + "; " + (size >> 20) + " MiB, " + CONDITIONS;
            return Result.of(new ComparisonResult(title, how, 0, mib, clients), Figure.SECONDS, limits());
        }
    }
}
