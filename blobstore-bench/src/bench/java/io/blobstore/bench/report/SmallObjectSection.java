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
import java.util.function.Function;

/** Small objects: how many per second, how long one takes, and what it costs. */
final class SmallObjectSection {
    static final String BENCHMARK = "SmallObjectsBenchmark";

    private static final List<Double> PERCENTILES = List.of(50.0, 90.0, 99.0, 99.9);
    private static final double MILLISECONDS = 1e3;
    /** What the profiler calls its figures. */
    private static final String OPERATIONS = "operations";

    private static final String CPU = "cpu";
    private static final String HEAP = "heap";

    private final Results results;
    private final Function<String, String> titles;
    private final Losses losses;

    SmallObjectSection(Results results, Function<String, String> titles, Losses losses) {
        this.results = results;
        this.titles = titles;
        this.losses = losses;
    }

    /** What was measured of a client. */
    private record Client(String name, Result result) {
        Role role() {
            return Store.of(name).roleOf(name);
        }

        /** A figure that the profiler counted, in its unit. */
        Optional<Series> series(String metric) {
            return result.secondary(metric).flatMap(Metric::series);
        }

        /** In milliseconds. */
        OptionalDouble latency(double percentile) throws IOException {
            double factor = Units.secondsPerOperation(result) * MILLISECONDS;
            OptionalDouble value = result.primary().percentile(percentile);
            return value.isPresent() ? OptionalDouble.of(value.getAsDouble() * factor) : value;
        }
    }

    void addTo(Document document) throws IOException {
        Map<Group, List<Client>> groups = groups();
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
            add(document, group, groups);
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

    private Map<Group, List<Client>> groups() {
        Map<Group, List<Client>> groups = new LinkedHashMap<>();
        for (Result result : results.others()) {
            if (isSmallObject(result)) {
                String name = result.params().getOrDefault("client", "");
                groups.computeIfAbsent(Group.of(result, name), key -> new ArrayList<>())
                        .add(new Client(name, result));
            }
        }
        return groups;
    }

    /** Whether a result belongs here, and not among the others. */
    static boolean isSmallObject(Result result) {
        return result.benchmarkClass().equals(BENCHMARK)
                && result.params().containsKey("client")
                && result.mode().equals(Result.SAMPLES);
    }

    private static double bytes(Group group) {
        try {
            return Double.parseDouble(group.setting().getOrDefault("bytes", "0"));
        } catch (NumberFormatException e) {
            return Double.MAX_VALUE;
        }
    }

    private void add(Document document, Group group, Map<Group, List<Client>> groups) throws IOException {
        List<Client> sorted = groups.getOrDefault(group, List.of()).stream()
                .sorted(Comparator.comparingDouble((Client client) ->
                                -client.series(OPERATIONS).map(Series::median).orElse(0.0))
                        .thenComparing(client -> titles.apply(client.name)))
                .toList();
        document.heading(3, group.title().replaceFirst("Small objects, ", ""));
        List<String> header = new ArrayList<>(List.of("Client", "Operations/s"));
        PERCENTILES.forEach(percentile -> header.add("p" + Numbers.tick(percentile) + ", ms"));
        header.addAll(
                List.of("CPU, µs/operation", "Heap, KiB/operation", TransferSection.TO_FLOOR, TransferSection.TO_OURS));
        List<Row> rows = rows(sorted, floor(group, groups));
        for (Failure failure : results.failures()) {
            if (failure.isOf(group)) {
                rows.add(TransferSection.failureRow(titles.apply(failure.client()), failure, header.size()));
            }
        }
        document.table(1, header, rows);
        Order order = new Order("operations per second", false);
        sorted.forEach(client -> order.add(titles.apply(client.name), client.series(OPERATIONS)));
        order.addTo(document);
        collectLosses(group, sorted);
        List<Bar> bars = new ArrayList<>();
        sorted.forEach(client -> client.series(OPERATIONS)
                .ifPresent(series -> bars.add(new Bar(
                        titles.apply(client.name), client.role(), series.median(), series.min(), series.max()))));
        if (!bars.isEmpty()) {
            String text = "Operations per second: " + group.title();
            document.chart(text, () -> Drawings.bars(text, "operations/s", bars));
        }
    }

    private List<Row> rows(List<Client> clients, Optional<Series> floor) throws IOException {
        Optional<Series> ours = clients.stream()
                .filter(client -> client.role() == Role.SUBJECT)
                .findFirst()
                .flatMap(client -> client.series(CPU));
        List<Row> rows = new ArrayList<>();
        for (Client client : clients) {
            List<String> cells =
                    new ArrayList<>(List.of(titles.apply(client.name), Numbers.of(client.series(OPERATIONS))));
            for (double percentile : PERCENTILES) {
                cells.add(Numbers.of(client.latency(percentile)));
            }
            Optional<Series> cpu = client.series(CPU);
            cells.add(Numbers.median(cpu));
            cells.add(Numbers.median(client.series(HEAP)));
            cells.add(Numbers.ratio(cpu, floor));
            cells.add(Numbers.ratio(ours, cpu));
            rows.add(new Row(client.role() == Role.SUBJECT, cells));
        }
        return rows;
    }

    private static Optional<Series> floor(Group group, Map<Group, List<Client>> groups) {
        return groups.getOrDefault(group.ofFloor(), List.of()).stream()
                .filter(client -> client.role() == Role.FLOOR)
                .findFirst()
                .flatMap(client -> client.series(CPU));
    }

    private void collectLosses(Group group, List<Client> clients) throws IOException {
        for (Client ours : clients) {
            for (Client other : clients) {
                if (ours.role() != Role.SUBJECT || other == ours) {
                    continue;
                }
                compare(group, OPERATIONS, "operations/s", false, ours, other);
                compare(group, CPU, "CPU, µs/operation", true, ours, other);
                OptionalDouble latency = ours.latency(99);
                OptionalDouble others = other.latency(99);
                if (latency.isPresent() && others.isPresent()) {
                    losses.compare(
                            group.title(),
                            "p99, ms",
                            true,
                            Series.of(List.of(latency.getAsDouble())),
                            titles.apply(other.name),
                            Series.of(List.of(others.getAsDouble())));
                }
            }
        }
    }

    private void compare(Group group, String metric, String figure, boolean lessIsBetter, Client ours, Client other) {
        Optional<Series> one = ours.series(metric);
        Optional<Series> two = other.series(metric);
        if (one.isPresent() && two.isPresent()) {
            losses.compare(group.title(), figure, lessIsBetter, one.get(), titles.apply(other.name), two.get());
        }
    }
}
