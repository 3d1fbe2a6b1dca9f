package io.blobstore.bench;

import io.blobstore.bench.ComparisonResult.Figure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Writes results as Markdown tables, with charts beside them. The same results give the same files. */
final class MarkdownReport {
    private static final List<Figure> OF_TRANSFERS =
            List.of(Figure.THROUGHPUT, Figure.CPU, Figure.CPU_WITH_JIT, Figure.HEAP, Figure.MEMORY);
    private static final List<Figure> OF_SMALL_OBJECTS =
            List.of(Figure.OPERATIONS, Figure.CPU_PER_OPERATION, Figure.HEAP_PER_OPERATION);
    private static final List<Figure> OF_READS = List.of(Figure.SECONDS, Figure.FETCHED, Figure.CPU, Figure.HEAP);
    private static final List<Chart> CHARTS = List.of(
            new Chart("cpu-upload-http-s3", "Upload over HTTP", "s3", Figure.CPU),
            new Chart("cpu-upload-https-s3", "Upload over HTTPS", "s3", Figure.CPU),
            new Chart("heap-upload-https-s3", "Upload over HTTPS", "s3", Figure.HEAP),
            new Chart("cpu-upload-https-gcs", "Upload over HTTPS", "gcs", Figure.CPU),
            new Chart("cpu-read-into-memory-https-s3", "Read into memory over HTTPS", "s3", Figure.CPU),
            new Chart("cpu-download-into-file-https-s3", "Download into a new file over HTTPS", "s3", Figure.CPU));

    private record Chart(String name, String of, String store, Figure figure) {}

    private final Map<String, String> charts = new TreeMap<>();
    private final StringBuilder out = new StringBuilder();

    private MarkdownReport() {}

    /**
     * Writes {@code README.md} and at most six charts.
     *
     * @param target an existing directory
     * @param environment lines of a name and a value, separated by a tab
     */
    static void write(Path target, List<String> environment, List<ComparisonResult> results, List<Verdict> verdicts)
            throws IOException {
        MarkdownReport report = new MarkdownReport();
        report.out.append("# Benchmarks of blobstore\n\n");
        report.out.append(table(
                List.of("Condition", "Value"),
                environment.stream().map(line -> List.of(line.split("\t", 2))).toList()));
        report.out.append("\nMedians of all rounds, with the least and the greatest in brackets; ratios are taken round"
                + " by round. CPU is the user and system time of the client's process without its JIT compilers.\n");
        Map<String, List<ComparisonResult>> byTitle = results.stream()
                .collect(Collectors.groupingBy(ComparisonResult::title, LinkedHashMap::new, Collectors.toList()));
        byTitle.forEach(report::addComparisons);
        report.out.append("\n## Where other clients use less CPU\n\n").append(losses(results));
        report.out.append("\n## Thresholds\n\n").append(verdicts(verdicts));
        Files.writeString(target.resolve("README.md"), report.out);
        for (Map.Entry<String, String> chart : report.charts.entrySet()) {
            Files.writeString(target.resolve(chart.getKey()), chart.getValue());
        }
    }

    private void addComparisons(String title, List<ComparisonResult> results) {
        out.append("\n## " + title + "\n\n");
        if (results.size() == 1) {
            out.append(results.get(0).setting() + "\n\n");
        }
        out.append(comparisons(results));
        for (Chart chart : CHARTS) {
            if (chart.of().equals(title)) {
                addChart(chart, results.get(0));
            }
        }
    }

    private void addChart(Chart chart, ComparisonResult result) {
        List<BarChart.Bar> bars = result.clients().stream()
                .filter(client ->
                        client.store().equals(chart.store()) && !client.rounds().isEmpty())
                .map(client -> new BarChart.Bar(
                        client.title(),
                        client.isSubject() ? "#0b6bcb" : client.isBaseline() ? "#d9822b" : "#a3abb5",
                        result.series(client, chart.figure())))
                .sorted(Comparator.comparingDouble(bar -> bar.series().median()))
                .toList();
        if (!bars.isEmpty()) {
            String text = result.title() + ", " + chart.store() + ": " + chart.figure().title;
            charts.put(chart.name() + ".svg", BarChart.svg(text, bars));
            out.append("\n![" + text + "](" + chart.name() + ".svg)\n");
        }
    }

    /** Returns one table of comparisons with the same title; clients are sorted by CPU, failed clients are last. */
    static String comparisons(List<ComparisonResult> results) {
        return comparisons(results, Figure.CPU);
    }

    /**
     * Returns one table of comparisons with the same title; failed clients are last.
     *
     * @param compared by what clients of large contents are sorted, and compared with each other: CPU, TIME, or SECONDS
     *     for reads
     */
    static String comparisons(List<ComparisonResult> results, Figure compared) {
        boolean isSmall = results.get(0).objects() > 0;
        boolean isRead = compared == Figure.SECONDS;
        List<Figure> figures = isSmall ? OF_SMALL_OBJECTS : isRead ? OF_READS : OF_TRANSFERS;
        Figure key = isSmall ? Figure.CPU_PER_OPERATION : compared;
        boolean isTime = isRead || key == Figure.TIME;
        List<String> header = new ArrayList<>(List.of("Client"));
        if (results.size() > 1) {
            header.add(0, "Setting");
        }
        figures.forEach(figure -> header.add(figure.title));
        if (!isRead) {
            header.add((isTime ? "Time" : "CPU") + " / baseline's");
        }
        header.add("blobstore's " + (isTime ? "time" : "CPU") + " / its");
        List<List<String>> rows = new ArrayList<>();
        for (ComparisonResult result : results) {
            result.clients().stream()
                    .sorted(Comparator.comparingDouble(client -> client.rounds().isEmpty()
                            ? Double.MAX_VALUE
                            : result.series(client, key).median()))
                    .forEach(client -> {
                        List<String> row = row(result, client, figures, key);
                        if (results.size() > 1) {
                            row.add(0, result.setting());
                        }
                        rows.add(row);
                    });
        }
        return table(header, rows);
    }

    private static List<String> row(ComparisonResult result, ClientResult client, List<Figure> figures, Figure key) {
        List<String> row = new ArrayList<>(List.of(client.title()));
        if (client.rounds().isEmpty()) {
            row.add("not measured: " + client.failure());
            return row;
        }
        for (Figure figure : figures) {
            boolean isHeap = figure == Figure.HEAP || figure == Figure.HEAP_PER_OPERATION;
            row.add((isHeap && !client.heapIsComplete() ? "> " : "")
                    + result.series(client, figure).describe());
        }
        Series own = result.series(client, key);
        if (key != Figure.SECONDS) { // reads have no baseline
            row.add(result.measured("HAND_ROLLED")
                    .map(baseline -> own.over(result.series(baseline, key)).describe("%.2f"))
                    .orElse(""));
        }
        row.add(subject(result, client)
                .map(ours -> result.series(ours, key).over(own).describe("%.2f"))
                .orElse(""));
        return row;
    }

    private static Optional<ClientResult> subject(ComparisonResult result, ClientResult client) {
        return result.measured(client.store().equals("gcs") ? "GCS_BLOBSTORE" : "BLOBSTORE");
    }

    private static String losses(List<ComparisonResult> results) {
        List<List<String>> rows = new ArrayList<>();
        for (ComparisonResult result : results) {
            Figure cpu = result.objects() > 0 ? Figure.CPU_PER_OPERATION : Figure.CPU;
            for (ClientResult client : result.clients()) {
                Optional<ClientResult> ours = subject(result, client);
                if (ours.isPresent() && !client.rounds().isEmpty()) {
                    Series ratio = result.series(ours.get(), cpu).over(result.series(client, cpu));
                    if (ratio.median() > 1) {
                        rows.add(List.of(
                                result.title() + ", " + result.setting(), client.title(), ratio.describe("%.2f")));
                    }
                }
            }
        }
        return table(List.of("Comparison", "Client", "blobstore's CPU / its"), rows);
    }

    /** Returns a table with a line for each comparison: the time, and the bytes that were fetched per byte read. */
    static String reads(List<ComparisonResult> results) {
        List<String> clients = results.stream()
                .flatMap(result -> result.clients().stream())
                .map(ClientResult::title)
                .distinct()
                .toList();
        List<String> header = new ArrayList<>(clients);
        header.add(0, "Seconds; bytes fetched per byte read");
        List<List<String>> rows = new ArrayList<>();
        for (ComparisonResult result : results) {
            List<String> row = new ArrayList<>(List.of(result.title()));
            for (String title : clients) {
                row.add(result.clients().stream()
                        .filter(client ->
                                client.title().equals(title) && !client.rounds().isEmpty())
                        .findFirst()
                        .map(client -> result.series(client, Figure.SECONDS).describe() + "; "
                                + Series.format(client.fetched()))
                        .orElse("–"));
            }
            rows.add(row);
        }
        return table(header, rows);
    }

    /** Returns the verdicts as a table. */
    static String verdicts(Collection<Verdict> verdicts) {
        return table(
                List.of("Verdict", "Threshold", "Measured", "Limit"),
                verdicts.stream()
                        .map(verdict -> List.of(verdict.outcome(), verdict.what(), verdict.measured(), verdict.limit()))
                        .toList());
    }

    /** Returns a table with aligned columns; short rows are filled with empty cells. */
    static String table(List<String> header, List<? extends List<String>> rows) {
        List<List<String>> lines = new ArrayList<>(List.of(header));
        rows.forEach(row -> lines.add(row.stream()
                .map(cell -> cell.replaceAll("([|\\\\*_`<])", "\\\\$1"))
                .toList()));
        int columns = header.size();
        int[] widths = new int[columns];
        for (List<String> line : lines) { // a cell in place of several others does not widen its column
            for (int i = 0; i < line.size() - (line.size() < columns ? 1 : 0); i++) {
                widths[i] = Math.max(widths[i], line.get(i).length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (List<String> line : lines) {
            for (int i = 0; i < columns; i++) {
                String cell = i < line.size() ? line.get(i) : "";
                text.append("| " + cell + " ".repeat(Math.max(0, widths[i] - cell.length())) + " ");
            }
            text.append("|\n");
            if (line == header) {
                Arrays.stream(widths).forEach(width -> text.append("|" + "-".repeat(width + 2)));
                text.append("|\n");
            }
        }
        return text.toString();
    }
}
