package io.blobstore.bench;

import io.blobstore.bench.report.Series;
import io.blobstore.bench.report.Verdict;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Checks that memory is bounded: uploads the content once and then many times, and compares the memory peaks. */
final class MemoryBound {
    private static final double MIB = 1L << 20;
    private static final int CONCURRENCY = 8;
    private static final int TIMES = 20;
    private static final int GROWTH_MIB = 64;
    /** The growth allowed for further compilation; it would be ten times that if each upload kept one part. */
    private static final int SLACK_MIB = 16;

    /**
     * JVM options for a constant size: the whole heap is touched at the start, as uncollected garbage would look like
     * growth, and only C1 compiles, as C2's memory would.
     */
    private static final String[] STEADY_JVM = {"-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch", "-XX:TieredStopAtLevel=1"};

    private final BenchmarkEnvironment environment;
    private final int partSize;
    private final Set<ClientType> only;
    private final PrintWriter out;
    private final List<Verdict> verdicts = new ArrayList<>();

    MemoryBound(BenchmarkEnvironment environment, int partSize, Set<ClientType> only, PrintWriter out) {
        this.environment = environment;
        this.partSize = partSize;
        this.only = only;
        this.out = out;
    }

    List<Verdict> run() throws IOException, InterruptedException {
        out.println("\nPeak of anonymous memory over that before the first upload, " + CONCURRENCY
                + " concurrent parts, java " + String.join(" ", STEADY_JVM));
        for (Transport transport : List.of(Transport.HTTP, Transport.HTTPS)) {
            for (ClientType type :
                    List.of(ClientType.BLOBSTORE, ClientType.HAND_ROLLED, ClientType.CRT_TRANSFER_MANAGER)) {
                if (only.contains(type)) {
                    measure(transport, type);
                }
            }
        }
        return verdicts;
    }

    private void measure(Transport transport, ClientType type) throws IOException, InterruptedException {
        String what = "Upload over " + transport.title + ": MiB of anonymous memory";
        boolean isSubject = type == ClientType.BLOBSTORE;
        TransferSpec spec = environment.spec(type, Operation.UPLOAD, transport, partSize, CONCURRENCY);
        try (ClientProcess client = ClientProcess.start(type, spec, environment, STEADY_JVM)) {
            client.run(1);
            double once = client.memoryGrowth() / MIB;
            client.run(TIMES / 2 - 1);
            double half = client.memoryGrowth() / MIB;
            client.run(TIMES - TIMES / 2);
            double often = client.memoryGrowth() / MIB;
            environment.requireTraffic(spec, TIMES);
            out.printf(
                    Locale.ROOT,
                    "  %-36s %-6s once %.0f MiB, %d times %.0f MiB, %d times %.0f MiB%n",
                    type.title,
                    transport.title,
                    once,
                    TIMES / 2,
                    half,
                    TIMES,
                    often);
            out.flush();
            if (isSubject) {
                verdict(what + ", growth", often, GROWTH_MIB);
                verdict(what + ", growth from once to " + TIMES + " times", often - once, SLACK_MIB);
            }
        } catch (BenchmarkException e) {
            out.println("  " + type.title + ": " + e.getMessage());
            if (isSubject) {
                verdicts.add(Verdict.open(what, String.valueOf(e.getMessage()), GROWTH_MIB, "%.0f"));
            }
        }
    }

    private void verdict(String what, double value, double limit) {
        verdicts.add(Verdict.atMost(what, new Series(List.of(value)), "", limit, "%.0f"));
    }
}
