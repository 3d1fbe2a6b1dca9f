package io.blobstore.bench;

import io.blobstore.bench.report.Series;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** One scenario: everybody who takes part, and what came out, on paper and against its bars. */
final class Duel {
    private static final double GIB = 1L << 30;
    private static final double MIB = 1L << 20;

    /** Bytes fetched for a byte that was read at random. */
    private static final double MOST_FETCHED = 1.1;

    private static final String ROW = "  %-36s %-22s %10s %12s %9s  %s%n";

    private final Scenario scenario;
    private final Settings settings;
    private final BenchmarkEnvironment laboratory;
    private final PrintWriter out;
    private final ClientGroup lineup;

    Duel(Scenario scenario, Settings settings, BenchmarkEnvironment laboratory, PrintWriter out) {
        this.scenario = scenario;
        this.settings = settings;
        this.laboratory = laboratory;
        this.out = out;
        this.lineup = new ClientGroup(laboratory);
    }

    void run(Verdicts verdicts) throws IOException, InterruptedException {
        if (scenario.competitors.stream().noneMatch(settings::isWanted)) {
            return;
        }
        out.println("\n" + scenario.title + ": " + settings.describe() + "; " + settings.rounds() + " rounds of "
                + settings.repeats() + " when all are warm");
        out.flush();
        try (lineup) {
            for (Competitor competitor : scenario.competitors) {
                if (settings.isWanted(competitor)) {
                    lineup.start(competitor, scenario, settings.partSize(), settings.concurrency());
                }
            }
            lineup.warmUp(settings.warmUp());
            for (int round = 0; round < settings.rounds(); round++) {
                lineup.each(client -> client.measure(settings.repeats()));
            }
            print();
            judge(verdicts);
            out.flush();
        }
    }

    // ---- what came out

    private void print() throws IOException, InterruptedException {
        // What the others are compared with: this library, or as long as it is not there, the loop.
        Optional<Client> base = lineup.find(scenario.subject).or(() -> lineup.find(Competitor.HAND_ROLLED));
        String baseName = base.map(client -> client.competitor() == scenario.subject ? "blobstore" : "the loop")
                .orElse("");
        out.printf(
                ROW,
                "",
                "CPU s/GiB (range)",
                "wall s/GiB",
                "heap MiB/GiB",
                "RssAnon",
                "CPU: " + baseName + " / it (by round)");
        for (Competitor competitor : scenario.competitors) {
            Optional<Client> client = lineup.find(competitor);
            if (client.isPresent()) {
                print(client.get(), base);
            } else if (lineup.absent().containsKey(competitor)) {
                out.printf("  %-36s %s%n", competitor.title, lineup.absent().get(competitor));
            }
        }
        if (scenario.transport.isEncrypted()) {
            for (Client client : lineup.clients()) {
                out.printf("  %-36s %s%n", client.competitor().title, traffic(client));
            }
        } else {
            for (Client client : lineup.clients()) {
                traffic(client);
            }
        }
    }

    private String traffic(Client client) throws IOException, InterruptedException {
        return laboratory.requireTraffic(client.job(), client.moved());
    }

    private void print(Client client, Optional<Client> base) {
        Series cpu = cpu(client);
        String ratio = base.map(other -> String.format(
                        Locale.ROOT,
                        "%.2f (%.2f)",
                        cpu(other).median() / cpu.median(),
                        cpu(other).over(cpu).median()))
                .orElse("");
        boolean complete = client.rounds().stream().allMatch(Measurement::heapIsComplete);
        out.printf(
                ROW,
                client.competitor().title,
                String.format(Locale.ROOT, "%.3f (%.3f-%.3f)", cpu.median(), cpu.min(), cpu.max()),
                String.format(
                        Locale.ROOT,
                        "%.2f",
                        Series.of(client.rounds(), round -> round.wallSeconds() / gib())
                                .median()),
                (complete ? "" : ">")
                        + String.format(Locale.ROOT, "%.1f", heap(client).median()),
                String.format(Locale.ROOT, "+%.0f MiB", client.memoryGrowth() / MIB),
                ratio);
    }

    private Series cpu(Client client) {
        return Series.of(client.rounds(), round -> round.cpuSeconds() / gib());
    }

    private static double median(Client client, Scenario.Metric metric) {
        return Series.of(client.rounds(), metric.seconds).median();
    }

    private double fetched(Client client) throws IOException, InterruptedException {
        return (double) laboratory.passed(client.job()) / (client.moved() * scenario.bytesOf(settings.size()));
    }

    /** GiB of the content. */
    private double gib() {
        return scenario.bytesOf(settings.size()) / GIB;
    }

    private Series heap(Client client) {
        return Series.of(client.rounds(), round -> round.heapBytes() / MIB / gib());
    }

    private void judge(Verdicts verdicts) throws IOException, InterruptedException {
        Optional<Client> ours = lineup.find(scenario.subject);
        if (!settings.isWanted(scenario.subject)) {
            return;
        }
        for (Scenario.Bar bar : scenario.bars) {
            judge(verdicts, bar, ours);
        }
        if (ours.isPresent() && scenario.direction == Scenario.Direction.RANDOM) {
            verdicts.atMost(
                    scenario.title + ": bytes fetched per byte read", fetched(ours.get()), MOST_FETCHED, "%.2f");
        }
        scenario.heapBar.ifPresent(limit -> {
            String what = scenario.title + ": heap MiB allocated per GiB";
            if (ours.isEmpty()) {
                verdicts.open(what, "blobstore: " + lineup.absent().get(scenario.subject));
            } else if (!ours.get().rounds().stream().allMatch(Measurement::heapIsComplete)) {
                verdicts.open(what, "a thread ended uncounted; measure on JDK 21 or later, or on a late update of 17");
            } else {
                verdicts.atMost(what, heap(ours.get()).median(), limit, "%.1f");
            }
        });
    }

    private void judge(Verdicts verdicts, Scenario.Bar bar, Optional<Client> ours) {
        List<Client> others = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        for (Competitor competitor : bar.others()) {
            lineup.find(competitor).ifPresentOrElse(others::add, () -> missing.add(competitor.title));
        }
        Optional<Client> best = others.stream().min(Comparator.comparingDouble(client -> median(client, bar.metric())));
        String what = scenario.title + ": " + bar.metric().title + ", blobstore / "
                + best.map(client -> client.competitor().title)
                        .orElseGet(() -> bar.others().get(0).title);
        if (ours.isEmpty()) {
            verdicts.open(what, "blobstore: " + lineup.absent().get(scenario.subject));
        } else if (best.isEmpty() || !missing.isEmpty()) {
            verdicts.open(what, "not measured: " + String.join(", ", missing));
        } else {
            double ratio = median(ours.get(), bar.metric()) / median(best.get(), bar.metric());
            verdicts.atMost(what, ratio, bar.factor(), "%.2f");
        }
    }
}
