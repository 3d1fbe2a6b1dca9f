package io.blobstore.bench.report;

import io.blobstore.bench.report.Document.Row;
import io.blobstore.bench.report.Store.Role;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/** All other benchmarks: a table for each class, with the parameters and units as they are. */
final class OtherSection {
    private static final List<String> ORDER =
            List.of("MappingBenchmark", "LeaseBenchmark", "ChecksumBenchmark", "LocalStoreBenchmark");
    private static final Map<String, String> TITLES = Map.of(
            "MappingBenchmark", "Mapping",
            "LeaseBenchmark", "Leases",
            "ChecksumBenchmark", "Checksums",
            "LocalStoreBenchmark", "The local store");
    private static final Map<String, String> MODES =
            Map.of("thrpt", "throughput", "avgt", "average", "sample", "samples", "ss", "single shot");

    private final Results results;
    private final Function<String, String> titles;

    OtherSection(Results results, Function<String, String> titles) {
        this.results = results;
        this.titles = titles;
    }

    void addTo(Document document) {
        List<Result> remaining = results.others().stream()
                .filter(result -> !SmallObjectSection.isSmallObject(result))
                .toList();
        List<Failure> failures = results.failures().stream()
                .filter(failure -> !failure.benchmark().matches("(Upload|Download|Scaling|SmallObjects)Benchmark\\b.*"))
                .toList();
        Set<String> classes =
                new TreeSet<>(Comparator.comparingInt(OtherSection::rank).thenComparing(name -> name));
        remaining.forEach(result -> classes.add(result.benchmarkClass()));
        failures.forEach(failure -> classes.add(failure.benchmark().replaceFirst("\\..*", "")));
        for (String name : classes) {
            add(
                    document,
                    name,
                    remaining.stream()
                            .filter(result -> result.benchmarkClass().equals(name))
                            .toList(),
                    failures.stream()
                            .filter(failure -> failure.benchmark()
                                    .replaceFirst("\\..*", "")
                                    .equals(name))
                            .toList());
        }
    }

    private static int rank(String name) {
        int index = ORDER.indexOf(name);
        return index < 0 ? ORDER.size() : index;
    }

    private void add(Document document, String name, List<Result> members, List<Failure> failures) {
        document.heading(2, TITLES.getOrDefault(name, name));
        Set<String> params = new LinkedHashSet<>();
        Set<String> metrics = new LinkedHashSet<>();
        members.forEach(member -> {
            params.addAll(member.params().keySet());
            member.secondary().forEach((key, metric) -> metrics.add(key + ", " + metric.unit()));
        });
        List<String> header = new ArrayList<>(List.of("Benchmark"));
        header.addAll(params);
        header.addAll(List.of("Mode", "Unit", "Median (all values)"));
        header.addAll(metrics);
        List<Row> rows = members.stream()
                .map(member -> new Row(isOurs(member), cells(member, params, metrics)))
                .collect(Collectors.toCollection(ArrayList::new));
        if (!rows.isEmpty()) {
            document.table(params.size() + 3, header, rows);
        }
        if (!failures.isEmpty()) {
            document.table(
                    3,
                    List.of("Did not run", "Client", "Reason"),
                    failures.stream()
                            .map(failure -> new Row(
                                    false,
                                    List.of(failure.benchmark(), titles.apply(failure.client()), failure.reason())))
                            .toList());
        }
    }

    private static boolean isOurs(Result member) {
        String client = member.params().get("client");
        return client != null && Store.of(client).roleOf(client) == Role.SUBJECT;
    }

    private List<String> cells(Result member, Set<String> params, Set<String> metrics) {
        List<String> cells = new ArrayList<>(List.of(member.method()));
        for (String param : params) {
            String value = member.params().get(param);
            cells.add(value == null ? Numbers.NONE : param.equals("client") ? titles.apply(value) : value);
        }
        cells.add(MODES.getOrDefault(member.mode(), member.mode()));
        cells.add(member.primary().unit());
        cells.add(score(member.primary()));
        for (String metric : metrics) {
            String key = metric.substring(0, metric.lastIndexOf(", "));
            cells.add(member.secondary(key)
                    .filter(value -> metric.equals(key + ", " + value.unit()))
                    .map(value -> Numbers.median(value.series()))
                    .orElse(Numbers.NONE));
        }
        return cells;
    }

    private static String score(Metric metric) {
        if (!metric.isSampled()) {
            return Numbers.of(metric.series());
        }
        return Numbers.of(metric.percentile(50)) + " (" + Numbers.of(metric.percentile(0)) + "–"
                + Numbers.of(metric.percentile(100)) + ")";
    }
}
