package io.blobstore.bench;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;

/**
 * The result of a comparison.
 *
 * @param title the title of the table; comparisons with the same title share one
 * @param setting the size, part size and concurrency in words
 * @param objects the number of small objects in a round; 0 for transfers of one object
 * @param mib the MiB transferred in a round
 */
public record ComparisonResult(String title, String setting, int objects, double mib, List<ClientResult> clients) {
    private static final double KIB = 1 << 10;
    private static final double MIB = 1 << 20;
    private static final double MICROS = 1e6;

    /** A measured figure. */
    public enum Figure {
        THROUGHPUT("Throughput, MiB/s"),
        TIME("Time, s/GiB"),
        SECONDS("Time, s"),
        /** CPU time without that of the JIT compilers. */
        CPU("CPU, s/GiB"),
        CPU_WITH_JIT("CPU with JIT, s/GiB"),
        HEAP("Heap, MiB/GiB"),
        MEMORY("Memory, MiB"),
        FETCHED("bytes fetched per byte read"),
        OPERATIONS("Operations/s"),
        CPU_PER_OPERATION("CPU, µs/operation"),
        HEAP_PER_OPERATION("Heap, KiB/operation");

        public final String title;

        Figure(String title) {
            this.title = title;
        }
    }

    /** Returns a client's result if the client was measured. */
    public Optional<ClientResult> measured(String client) {
        return clients.stream()
                .filter(result ->
                        result.client().equals(client) && !result.rounds().isEmpty())
                .findFirst();
    }

    /** Returns a figure of each round. */
    public Series series(ClientResult client, Figure figure) {
        return new Series(client.rounds().stream()
                .map(round -> value(client, round, figure))
                .toList());
    }

    private double value(ClientResult client, Measurement round, Figure figure) {
        double gib = mib * MIB / (1 << 30);
        return switch (figure) {
            case THROUGHPUT -> mib / round.wallSeconds();
            case TIME -> round.wallSeconds() / gib;
            case SECONDS -> round.wallSeconds();
            case CPU -> round.steadyCpuSeconds() / gib;
            case CPU_WITH_JIT -> round.cpuSeconds() / gib;
            case HEAP -> round.heapBytes() / MIB / gib;
            case MEMORY -> client.memoryMib();
            case FETCHED -> client.fetched();
            case OPERATIONS -> objects / round.wallSeconds();
            case CPU_PER_OPERATION -> round.steadyCpuSeconds() * MICROS / objects;
            case HEAP_PER_OPERATION -> round.heapBytes() / KIB / objects;
        };
    }

    /** Writes results to a file, atomically. */
    public static void write(Path file, List<ComparisonResult> results) throws IOException {
        Path unfinished = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(
                unfinished, JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(results));
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Reads a file written by {@link #write}. */
    public static List<ComparisonResult> read(Path file) throws IOException {
        return List.copyOf(JSON.std.listOfFrom(ComparisonResult.class, Files.readString(file)));
    }
}
