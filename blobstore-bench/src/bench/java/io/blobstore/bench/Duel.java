package io.blobstore.bench;

import io.blobstore.bench.report.Series;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** One scenario: everybody who takes part, round by round in turns, so that what disturbs one disturbs all. */
final class Duel {
    private static final double GIB = 1L << 30;
    private static final double MIB = 1L << 20;

    /** Bytes fetched for a byte that was read at random. */
    private static final double MOST_FETCHED = 1.1;

    private static final String ROW = "  %-36s %-22s %10s %12s %9s  %s%n";

    private final Scenario scenario;
    private final Settings settings;
    private final Laboratory laboratory;
    private final PrintWriter out;
    private final Map<Competitor, Client> clients = new EnumMap<>(Competitor.class);
    private final Map<Competitor, String> absent = new EnumMap<>(Competitor.class);
    private final Map<Competitor, Job> jobs = new EnumMap<>(Competitor.class);

    Duel(Scenario scenario, Settings settings, Laboratory laboratory, PrintWriter out) {
        this.scenario = scenario;
        this.settings = settings;
        this.laboratory = laboratory;
        this.out = out;
    }

    void run(Verdicts verdicts) throws IOException, InterruptedException {
        if (scenario.competitors.stream().noneMatch(settings::isWanted)) {
            return;
        }
        out.println("\n" + scenario.title + ": " + settings.describe() + "; " + settings.rounds() + " rounds of "
                + settings.repeats() + " when all are warm");
        out.flush();
        try {
            scenario.competitors.stream().filter(settings::isWanted).forEach(this::start);
            for (Client client : List.copyOf(clients.values())) {
                attempt(client.competitor(), () -> client.warmUp(settings.warmUp(), settings.size()));
            }
            for (int round = 0; round < settings.rounds(); round++) {
                for (Client client : List.copyOf(clients.values())) {
                    attempt(client.competitor(), () -> client.measure(settings.repeats()));
                }
            }
            print();
            judge(verdicts);
            out.flush();
        } finally {
            clients.values().forEach(Client::close);
        }
    }

    @FunctionalInterface
    private interface Attempt {
        void run() throws IOException, InterruptedException;
    }

    private void start(Competitor competitor) {
        if (!competitor.isAvailable()) {
            absent.put(competitor, "not on the class path");
            return;
        }
        attempt(competitor, () -> {
            Job job = laboratory.job(competitor, scenario, settings.partSize(), settings.concurrency());
            jobs.put(competitor, job);
            clients.put(competitor, Client.start(competitor, job, laboratory));
        });
    }

    /** One who fails is out; the others go on. */
    private void attempt(Competitor competitor, Attempt attempt) {
        try {
            attempt.run();
        } catch (BenchmarkException | IOException e) {
            absent.put(competitor, e.getMessage());
            Client client = clients.remove(competitor);
            if (client != null) {
                client.close();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BenchmarkException("interrupted");
        }
    }

    // ---- what came out

    private void print() throws IOException, InterruptedException {
        // What the others are compared with: this library, or as long as it is not there, the loop.
        Optional<Client> base = Optional.ofNullable(clients.get(scenario.subject))
                .or(() -> Optional.ofNullable(clients.get(Competitor.HAND_ROLLED)));
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
            Client client = clients.get(competitor);
            if (client != null) {
                print(client, base);
            } else if (absent.containsKey(competitor)) {
                out.printf("  %-36s %s%n", competitor.title, absent.get(competitor));
            }
        }
        if (scenario.transport.isEncrypted()) {
            for (Client client : clients.values()) {
                out.printf("  %-36s %s%n", client.competitor().title, traffic(client));
            }
        } else {
            for (Client client : clients.values()) {
                traffic(client);
            }
        }
    }

    private String traffic(Client client) throws IOException, InterruptedException {
        return laboratory.requireTraffic(jobs.get(client.competitor()), client.moved());
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
        Job job = jobs.get(client.competitor());
        return (double) laboratory.passed(job) / (client.moved() * scenario.bytesOf(settings.size()));
    }

    /** GiB of a round. */
    private double gib() {
        return settings.repeats() * scenario.bytesOf(settings.size()) / GIB;
    }

    private Series heap(Client client) {
        return Series.of(client.rounds(), round -> round.heapBytes() / MIB / gib());
    }

    private void judge(Verdicts verdicts) throws IOException, InterruptedException {
        Client ours = clients.get(scenario.subject);
        if (!settings.isWanted(scenario.subject)) {
            return;
        }
        for (Scenario.Bar bar : scenario.bars) {
            judge(verdicts, bar, ours);
        }
        if (ours != null && scenario.direction == Scenario.Direction.RANDOM) {
            verdicts.atMost(scenario.title + ": bytes fetched per byte read", fetched(ours), MOST_FETCHED, "%.2f");
        }
        scenario.heapBar.ifPresent(limit -> {
            String what = scenario.title + ": heap MiB allocated per GiB";
            if (ours == null) {
                verdicts.open(what, "blobstore: " + absent.get(scenario.subject));
            } else if (!ours.rounds().stream().allMatch(Measurement::heapIsComplete)) {
                verdicts.open(what, "a thread ended uncounted; measure on JDK 21 or later, or on a late update of 17");
            } else {
                verdicts.atMost(what, heap(ours).median(), limit, "%.1f");
            }
        });
    }

    private void judge(Verdicts verdicts, Scenario.Bar bar, Client ours) {
        List<Client> others = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        for (Competitor competitor : bar.others()) {
            Client client = clients.get(competitor);
            if (client != null) {
                others.add(client);
            } else {
                missing.add(competitor.title);
            }
        }
        Optional<Client> best = others.stream().min(Comparator.comparingDouble(client -> median(client, bar.metric())));
        String what = scenario.title + ": " + bar.metric().title + ", blobstore / "
                + best.map(client -> client.competitor().title)
                        .orElseGet(() -> bar.others().get(0).title);
        if (ours == null) {
            verdicts.open(what, "blobstore: " + absent.get(scenario.subject));
        } else if (best.isEmpty() || !missing.isEmpty()) {
            verdicts.open(what, "not measured: " + String.join(", ", missing));
        } else {
            double ratio = median(ours, bar.metric()) / median(best.get(), bar.metric());
            verdicts.atMost(what, ratio, bar.factor(), "%.2f");
        }
    }
}
