package io.blobstore.bench.report;

import io.blobstore.bench.report.Document.Row;
import io.blobstore.bench.report.Drawings.Line;
import io.blobstore.bench.report.Store.Role;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Anonymous memory over time: whether it stays where it is after a while. */
final class MemorySection {
    /** More points than this are not told apart in a chart. */
    private static final int POINTS = 250;

    private final List<MemoryCurve> all;
    private final Function<String, String> titles;

    MemorySection(Results results, Function<String, String> titles) {
        // Those of a scaling benchmark are of whichever setting came last.
        this.all = results.memory().stream()
                .filter(curve -> !TransferSection.isScaling(curve.benchmark()))
                .toList();
        this.titles = titles;
    }

    void addTo(Document document) {
        if (all.isEmpty()) {
            return;
        }
        document.heading(2, "Memory over time");
        document.paragraph("The anonymous memory of the client's process, Java's heap included, mapped files not.");
        all.stream()
                .collect(Collectors.groupingBy(
                        curve -> new Group(curve.benchmark(), curve.transport(), Store.of(curve.client()), Map.of()),
                        () -> new TreeMap<>(Group.IN_ORDER),
                        Collectors.toList()))
                .forEach((group, curves) -> add(document, group, curves));
    }

    private void add(Document document, Group group, List<MemoryCurve> unsorted) {
        List<MemoryCurve> curves = unsorted.stream()
                .sorted(Comparator.comparingDouble(MemoryCurve::peak).thenComparing(MemoryCurve::client))
                .toList();
        document.heading(3, group.title());
        List<Line> lines = curves.stream()
                .sorted(Comparator.comparing((MemoryCurve curve) -> role(group, curve) == Role.SUBJECT ? 0 : 1)
                        .thenComparing(MemoryCurve::client))
                .map(curve -> curve.thinned(POINTS))
                .map(curve ->
                        new Line(titles.apply(curve.client()), role(group, curve), curve.seconds(), curve.mebibytes()))
                .toList();
        String text = "Memory over time: " + group.title();
        document.chart(text, () -> Drawings.lines(text, "seconds", "MiB", lines));
        document.table(
                1,
                List.of("Client", "Peak, MiB", "At the end, MiB"),
                curves.stream()
                        .map(curve -> new Row(
                                role(group, curve) == Role.SUBJECT,
                                List.of(
                                        titles.apply(curve.client()),
                                        Numbers.of(curve.peak()),
                                        Numbers.of(curve.last()))))
                        .toList());
    }

    private static Role role(Group group, MemoryCurve curve) {
        return group.store().roleOf(curve.client());
    }
}
