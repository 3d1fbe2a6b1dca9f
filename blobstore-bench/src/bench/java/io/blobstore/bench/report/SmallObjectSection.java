package io.blobstore.bench.report;

import io.blobstore.bench.report.Document.Row;
import io.blobstore.bench.report.Drawings.Bar;
import io.blobstore.bench.report.Store.Role;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.Function;

/** Small objects: how many per second, and how long one takes. */
final class SmallObjectSection {
    static final String BENCHMARK = "SmallObjectsBenchmark";

    private static final List<Double> PERCENTILES = List.of(50.0, 90.0, 99.0, 99.9);
    private static final double MILLISECONDS = 1e3;

    private final Results results;
    private final Function<String, String> titles;
    private final Losses losses;

    SmallObjectSection(Results results, Function<String, String> titles, Losses losses) {
        this.results = results;
        this.titles = titles;
        this.losses = losses;
    }

    /** What was measured of a client, in two modes of JMH. */
    private static final class Client {
        final String name;
        final Store store;
        Optional<Series> operations = Optional.empty();
        /** By percentile, in milliseconds. */
        final Map<Double, Double> latency = new TreeMap<>();

        Client(String name) {
            this.name = name;
            this.store = Store.of(name);
        }

        Role role() {
            return store.roleOf(name);
        }

        String latency(double percentile) {
            Double value = latency.get(percentile);
            return value == null ? Numbers.NONE : Numbers.of(value);
        }
    }

    void addTo(Document document) throws IOException {
        Map<Group, Map<String, Client>> groups = groups();
        List<Failure> failures = results.failures().stream()
                .filter(failure -> failure.benchmark().startsWith(BENCHMARK))
                .toList();
        if (groups.isEmpty() && failures.isEmpty()) {
            return;
        }
        document.heading(2, "Small objects");
        for (Group group : groups.keySet().stream()
                .sorted(Comparator.comparing(Group::benchmark)
                        .thenComparing(Group::transport)
                        .thenComparing(Group::store)
                        .thenComparingDouble(SmallObjectSection::bytes))
                .toList()) {
            add(
                    document,
                    group,
                    List.copyOf(groups.getOrDefault(group, Map.of()).values()));
        }
        List<Row> rest = failures.stream()
                .filter(failure -> groups.keySet().stream().noneMatch(failure::isOf))
                .map(failure -> new Row(
                        false,
                        List.of(titles.apply(failure.client()), Group.title(failure.benchmark()), failure.reason())))
                .toList();
        if (!rest.isEmpty()) {
            document.table(3, List.of("Client that did not run", "Benchmark", "Reason"), rest);
        }
    }

    private Map<Group, Map<String, Client>> groups() throws IOException {
        Map<Group, Map<String, Client>> groups = new LinkedHashMap<>();
        for (Result result : results.others()) {
            String name = result.params().get("client");
            if (!isSmallObject(result) || name == null) {
                continue;
            }
            Client client = groups.computeIfAbsent(Group.of(result, name), key -> new LinkedHashMap<>())
                    .computeIfAbsent(name, Client::new);
            if (result.mode().equals(Result.THROUGHPUT)) {
                double factor = Units.operationsPerSecond(result);
                client.operations = result.primary()
                        .series()
                        .map(series -> new Series(series.values().stream()
                                .map(value -> value * factor)
                                .toList()));
            } else {
                double factor = Units.secondsPerOperation(result) * MILLISECONDS;
                for (double percentile : PERCENTILES) {
                    OptionalDouble value = result.primary().percentile(percentile);
                    value.ifPresent(time -> client.latency.put(percentile, time * factor));
                }
            }
        }
        return groups;
    }

    /** Whether a result belongs here, and not among the others. */
    static boolean isSmallObject(Result result) {
        return result.benchmarkClass().equals(BENCHMARK)
                && result.params().containsKey("client")
                && (result.mode().equals(Result.THROUGHPUT) || result.mode().equals(Result.SAMPLES));
    }

    private static double bytes(Group group) {
        try {
            return Double.parseDouble(group.setting().getOrDefault("bytes", "0"));
        } catch (NumberFormatException e) {
            return Double.MAX_VALUE;
        }
    }

    private void add(Document document, Group group, List<Client> clients) {
        String title = group.title().replaceFirst("Small objects, ", "");
        document.heading(3, title);
        List<Client> sorted = clients.stream()
                .sorted(Comparator.comparingDouble((Client client) ->
                                -client.operations.map(Series::median).orElse(0.0))
                        .thenComparing(client -> titles.apply(client.name)))
                .toList();
        List<String> header = new ArrayList<>(List.of("Client", "Operations/s"));
        PERCENTILES.forEach(percentile -> header.add("p" + Numbers.tick(percentile) + ", ms"));
        List<Row> rows = new ArrayList<>();
        for (Client client : sorted) {
            List<String> cells = new ArrayList<>(List.of(titles.apply(client.name), Numbers.of(client.operations)));
            PERCENTILES.forEach(percentile -> cells.add(client.latency(percentile)));
            rows.add(new Row(client.role() == Role.SUBJECT, cells));
        }
        for (Failure failure : results.failures()) {
            if (failure.isOf(group)) {
                rows.add(TransferSection.failureRow(titles.apply(failure.client()), failure, header.size()));
            }
        }
        document.table(1, header, rows);
        collectLosses(group, sorted);
        List<Bar> bars = new ArrayList<>();
        sorted.forEach(client -> client.operations.ifPresent(series -> bars.add(
                new Bar(titles.apply(client.name), client.role(), series.median(), series.min(), series.max()))));
        if (!bars.isEmpty()) {
            String text = "Operations per second: " + group.title();
            document.chart(text, () -> Drawings.bars(text, "operations/s", bars));
        }
    }

    private void collectLosses(Group group, List<Client> clients) {
        for (Client ours : clients) {
            for (Client other : clients) {
                if (ours.role() != Role.SUBJECT || other == ours) {
                    continue;
                }
                String title = titles.apply(other.name);
                if (ours.operations.isPresent() && other.operations.isPresent()) {
                    losses.compare(
                            group.title(), "operations/s", false, ours.operations.get(), title, other.operations.get());
                }
                Double latency = ours.latency.get(99.0);
                Double others = other.latency.get(99.0);
                if (latency != null && others != null) {
                    losses.compare(
                            group.title(),
                            "p99, ms",
                            true,
                            new Series(List.of(latency)),
                            title,
                            new Series(List.of(others)));
                }
            }
        }
    }
}
