package io.blobstore.bench.report;

import io.blobstore.bench.report.Document.Row;
import io.blobstore.bench.report.Drawings.Line;
import io.blobstore.bench.report.Store.Role;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** How transfers change with one parameter, while the others stay. */
final class ScalingSection {
    private static final Map<String, String> AXES = axes();

    private final Results results;
    private final Function<String, String> titles;
    private final Losses losses;
    private final List<Transfer> transfers;
    private final Set<Group> compared = new HashSet<>();

    ScalingSection(Results results, Function<String, String> titles, Losses losses) {
        this.results = results;
        this.titles = titles;
        this.losses = losses;
        this.transfers = results.transfers().stream()
                .filter(transfer -> TransferSection.isScaling(transfer.group().benchmark()))
                .sorted(Comparator.comparing(
                                (Transfer transfer) -> transfer.group().transport())
                        .thenComparing(transfer -> transfer.group().store()))
                .toList();
    }

    private static Map<String, String> axes() {
        Map<String, String> axes = new LinkedHashMap<>();
        axes.put("mib", "Size, MiB");
        axes.put("partMib", "Size of a part, MiB");
        axes.put("concurrency", "Parts at once");
        return axes;
    }

    void addTo(Document document) {
        List<Failure> failures = results.failures().stream()
                .filter(failure -> TransferSection.isScaling(failure.benchmark()))
                .toList();
        if (transfers.isEmpty() && failures.isEmpty()) {
            return;
        }
        document.heading(2, "Scaling");
        Set<Transfer> shown = new HashSet<>();
        AXES.forEach((axis, title) -> {
            for (Group rest : transfers.stream()
                    .filter(transfer -> isNumber(transfer.group().setting().get(axis)))
                    .map(transfer -> without(axis, transfer.group()))
                    .collect(Collectors.toCollection(LinkedHashSet::new))) {
                List<Transfer> members = transfers.stream()
                        .filter(transfer -> isNumber(transfer.group().setting().get(axis))
                                && without(axis, transfer.group()).equals(rest))
                        .toList();
                if (steps(axis, members).size() > 1) {
                    add(document, axis, title, rest, members);
                    shown.addAll(members);
                }
            }
        });
        List<Transfer> others =
                transfers.stream().filter(transfer -> !shown.contains(transfer)).toList();
        if (!others.isEmpty()) {
            document.heading(3, "Where nothing was varied");
            document.table(
                    2,
                    header("Setting"),
                    rows(others, transfer -> transfer.group().subtitle()));
            collectLosses(others);
        }
        if (!failures.isEmpty()) {
            document.heading(3, "Clients that did not take part in it");
            document.table(
                    3,
                    List.of("Client", "Transport", "Reason"),
                    failures.stream()
                            .map(failure -> new Row(
                                    false,
                                    List.of(titles.apply(failure.client()), failure.transport(), failure.reason())))
                            .toList());
        }
    }

    private void add(Document document, String axis, String title, Group rest, List<Transfer> members) {
        document.heading(3, title.replaceFirst(",.*", "") + ": " + rest.subtitle());
        List<Double> steps = steps(axis, members);
        for (Figure figure : List.of(Figure.THROUGHPUT, Figure.CPU)) {
            List<Line> lines = lines(axis, members, figure);
            if (!lines.isEmpty()) {
                String text = "Scaling, " + title.replaceFirst(",.*", "").toLowerCase(Locale.ROOT) + ", "
                        + figure.title.replaceFirst("T", "t") + ": " + rest.subtitle();
                document.chart(text, () -> Drawings.steps(text, title, figure.heading(), steps, lines));
            }
        }
        List<Transfer> sorted = members.stream()
                .sorted(Comparator.comparingDouble((Transfer transfer) -> step(axis, transfer))
                        .thenComparing(transfer -> transfer.median(Figure.CPU).orElse(Double.MAX_VALUE))
                        .thenComparing(transfer -> titles.apply(transfer.client())))
                .toList();
        document.table(2, header(title), rows(sorted, transfer -> Numbers.tick(step(axis, transfer))));
        collectLosses(sorted);
    }

    private static List<String> header(String first) {
        return List.of(
                first,
                "Client",
                Figure.THROUGHPUT.heading(),
                Figure.CPU.heading(),
                Figure.HEAP.heading(),
                Figure.MEMORY.heading(),
                TransferSection.TO_FLOOR);
    }

    private List<Row> rows(List<Transfer> members, Function<Transfer, String> first) {
        return members.stream()
                .map(member -> new Row(
                        member.role() == Role.SUBJECT,
                        List.of(
                                first.apply(member),
                                titles.apply(member.client()),
                                Numbers.of(member.series(Figure.THROUGHPUT)),
                                Numbers.of(member.series(Figure.CPU)),
                                Numbers.median(member.series(Figure.HEAP)),
                                Numbers.median(member.series(Figure.MEMORY)),
                                Numbers.ratio(
                                        member.series(Figure.CPU), TransferSection.floor(member.group(), transfers)))))
                .toList();
    }

    private List<Line> lines(String axis, List<Transfer> members, Figure figure) {
        Map<String, List<Transfer>> byClient = members.stream()
                .filter(member -> member.series(figure).isPresent())
                .sorted(Comparator.comparingDouble(member -> step(axis, member)))
                .collect(Collectors.groupingBy(Transfer::client, LinkedHashMap::new, Collectors.toList()));
        return byClient.entrySet().stream()
                .sorted(Comparator.comparing((Map.Entry<String, List<Transfer>> entry) ->
                                entry.getValue().get(0).role() == Role.SUBJECT ? 0 : 1)
                        .thenComparing(Map.Entry::getKey))
                .map(entry -> new Line(
                        titles.apply(entry.getKey()),
                        entry.getValue().get(0).role(),
                        entry.getValue().stream()
                                .map(member -> step(axis, member))
                                .toList(),
                        entry.getValue().stream()
                                .map(member -> member.series(figure)
                                        .map(Series::median)
                                        .orElseThrow())
                                .toList()))
                .toList();
    }

    /** A point that stands in the tables of several parameters is compared once. */
    private void collectLosses(List<Transfer> members) {
        for (Transfer ours : members) {
            if (ours.role() == Role.SUBJECT && compared.add(ours.group())) {
                List<Transfer> same = members.stream()
                        .filter(member -> member.group().equals(ours.group()))
                        .toList();
                TransferSection.collectLosses(losses, ours.group().title(), ours, same, titles);
            }
        }
    }

    private static List<Double> steps(String axis, List<Transfer> members) {
        Set<Double> steps = new TreeSet<>();
        members.forEach(member -> steps.add(step(axis, member)));
        return List.copyOf(steps);
    }

    private static double step(String axis, Transfer transfer) {
        return Double.parseDouble(
                Optional.ofNullable(transfer.group().setting().get(axis)).orElseThrow());
    }

    private static boolean isNumber(@Nullable String value) {
        return value != null && value.matches("\\d+(\\.\\d+)?");
    }

    private static Group without(String axis, Group group) {
        Map<String, String> rest = new LinkedHashMap<>(group.setting());
        rest.remove(axis);
        return new Group(group.benchmark(), group.transport(), group.store(), rest);
    }
}
