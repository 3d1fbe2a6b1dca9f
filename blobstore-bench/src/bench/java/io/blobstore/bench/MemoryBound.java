package io.blobstore.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/**
 * Whether memory stays bounded: uploads the content once and then many times, and compares the peaks of anonymous
 * memory.
 */
final class MemoryBound {
    private static final double MIB = 1L << 20;
    private static final int CONCURRENCY = 8;
    private static final int TIMES = 20;
    private static final int GROWTH_MIB = 64;
    /** What a JVM gains by compiling on; if each upload kept but one part, it would be ten times that. */
    private static final int SLACK_MIB = 16;
    /**
     * The whole heap is there from the beginning, or garbage that nobody has collected yet would look like growth; and
     * the compiler is the small one, as in the command's JVM, or the memory that the large one compiles in would.
     */
    private static final String[] STEADY_JVM = {"-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch", "-XX:TieredStopAtLevel=1"};

    private final Settings settings;
    private final BenchmarkEnvironment laboratory;
    private final PrintWriter out;

    MemoryBound(Settings settings, BenchmarkEnvironment laboratory, PrintWriter out) {
        this.settings = settings;
        this.laboratory = laboratory;
        this.out = out;
    }

    void run(Verdicts verdicts) throws IOException, InterruptedException {
        out.println("\nAnonymous memory: peak of RssAnon over that before the first upload, " + CONCURRENCY
                + " parts at once, java " + String.join(" ", STEADY_JVM));
        out.printf("  %-36s %-46s %12s %12s %12s%n", "", "", "once", TIMES / 2 + " times", TIMES + " times");
        for (Scenario scenario : List.of(Scenario.HTTP_UPLOAD, Scenario.HTTPS_UPLOAD)) {
            for (Competitor competitor :
                    List.of(Competitor.BLOBSTORE, Competitor.HAND_ROLLED, Competitor.CRT_TRANSFER_MANAGER)) {
                if (settings.isWanted(competitor)) {
                    measure(scenario, competitor, verdicts);
                }
            }
        }
    }

    private void measure(Scenario scenario, Competitor competitor, Verdicts verdicts)
            throws IOException, InterruptedException {
        String what = scenario.title + ": MiB of anonymous memory";
        String problem = "not on the class path";
        if (competitor.isAvailable()) {
            TransferSpec job = laboratory.job(competitor, scenario, settings.partSize(), CONCURRENCY);
            try (Client client = Client.start(competitor, job, laboratory, STEADY_JVM)) {
                client.run(1);
                double once = client.memoryGrowth() / MIB;
                client.run(TIMES / 2 - 1);
                double half = client.memoryGrowth() / MIB;
                client.run(TIMES - TIMES / 2);
                double often = client.memoryGrowth() / MIB;
                laboratory.requireTraffic(job, TIMES);
                out.printf(
                        Locale.ROOT,
                        "  %-36s %-46s %8.0f MiB %8.0f MiB %8.0f MiB%n",
                        competitor.title,
                        scenario.title,
                        once,
                        half,
                        often);
                out.flush();
                if (competitor == Competitor.BLOBSTORE) {
                    verdicts.atMost(what + " gained, at " + CONCURRENCY + " parts at once", often, GROWTH_MIB, "%.0f");
                    verdicts.atMost(what + " gained from once to " + TIMES + " times", often - once, SLACK_MIB, "%.0f");
                }
                return;
            } catch (BenchmarkException e) {
                problem = e.getMessage();
            }
        }
        out.printf("  %-36s %-46s %s%n", competitor.title, scenario.title, problem);
        if (competitor == Competitor.BLOBSTORE) {
            verdicts.open(what, "blobstore: " + problem);
        }
    }
}
