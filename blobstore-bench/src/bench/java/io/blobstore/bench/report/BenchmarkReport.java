package io.blobstore.bench.report;

import io.blobstore.bench.report.Document.Block;
import io.blobstore.bench.report.Document.Chart;
import io.blobstore.bench.report.Document.Row;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Writes what the benchmarks left in a directory as a report: {@code README.md} with charts beside it, and
 * {@code index.html}.
 */
public final class BenchmarkReport {
    /** What people write beside it, of bars that were not kept. */
    private static final String PROFILES = "profiles.md";

    private BenchmarkReport() {}

    /**
     * Writes the report. The same input gives the same files.
     *
     * <p>Nothing is written before all of it is known to be readable. Then each file replaces its predecessor at once,
     * and charts of an earlier report that this one does not have are removed; whatever else is in the directory stays.
     * If there is a {@code profiles.md} in it, bars that were not kept lead to it.
     *
     * @param results what was measured
     * @param target a directory, which is created if need be
     * @param titles from the name of a client, as in the results, to what people call it
     * @param limits the bars, in their order
     * @param date when it was measured
     * @throws IOException if the results are incomplete or broken, or the target cannot be written; the message says
     *     which file
     */
    public static void write(
            Results results, Path target, Function<String, String> titles, List<Limit> limits, LocalDate date)
            throws IOException {
        Document document = document(results, titles, limits, date, Files.exists(target.resolve(PROFILES)));
        Map<String, String> files = new LinkedHashMap<>();
        for (Block block : document.blocks()) {
            if (block instanceof Chart chart) {
                files.put(chart.file(), chart.svg());
            }
        }
        files.put("README.md", Markdown.of(document));
        files.put("index.html", Html.of(document));
        Files.createDirectories(target);
        for (Map.Entry<String, String> file : files.entrySet()) {
            replace(target.resolve(file.getKey()), file.getValue());
        }
        removeOldCharts(target, files);
    }

    private static Document document(
            Results results, Function<String, String> titles, List<Limit> limits, LocalDate date, boolean hasProfiles)
            throws IOException {
        Document document = new Document("Benchmarks of blobstore");
        addConditions(document, results, date);
        Losses losses = new Losses();
        new TransferSection(results, titles, losses).addTo(document);
        new MemorySection(results, titles).addTo(document);
        new SmallObjectSection(results, titles, losses).addTo(document);
        new ScalingSection(results, titles, losses).addTo(document);
        losses.addTo(document);
        new OtherSection(results, titles).addTo(document);
        addLimits(document, limits);
        if (hasProfiles && limits.stream().anyMatch(limit -> limit.verdict() == Limit.Verdict.FAIL)) {
            document.link("What the time goes into where a bar was not kept", PROFILES);
        }
        return document;
    }

    private static void addConditions(Document document, Results results, LocalDate date) {
        document.paragraph("Measured on " + date + ". This page was written by a program from what was measured.");
        document.heading(2, "What was measured, and on what");
        List<Row> rows = new ArrayList<>();
        for (String line : results.environment()) {
            if (!line.isBlank()) {
                String[] words = line.split("\t", 2);
                rows.add(new Row(false, words.length == 2 ? List.of(words[0], words[1]) : List.of("", line)));
            }
        }
        document.table(2, List.of("Condition", "Value"), rows);
        document.paragraph(
                "Clients of one table take turns: in each round, each moves the content for a while, so that what the machine does"
                        + " meanwhile meets all of them. Figures are medians of all rounds; in brackets are the least and the greatest of them, which"
                        + " the thin lines in the charts show, too. Ratios are taken round by round: the middle one, and in brackets the least and the"
                        + " greatest. Below a table stands how many pairs of clients are in its order in every round; where two are not, another run"
                        + " may show them the other way round. What JMH measures has medians of its iterations.");
        document.paragraph(
                "Throughput is of one transfer from its beginning to its end. CPU is the time, of user and system, that the"
                        + " client's process took for it, all its threads but those of the JVM's compilers, which have less and less to do; JIT is how"
                        + " much of all its CPU time these took besides. Heap is what it allocated there; memory is the peak by which its anonymous memory grew; GCs are"
                        + " collections for each transfer. The floor is a loop written by hand that talks S3 and does nothing but what has to be done. The last"
                        + " column of a table is below 1 where blobstore takes less CPU than the client of that row.");
    }

    private static void addLimits(Document document, List<Limit> limits) {
        if (limits.isEmpty()) {
            return;
        }
        document.heading(2, "Bars");
        document.paragraph("What this library has to keep. A bar is open if it could not be measured.");
        document.table(
                2,
                List.of("Verdict", "Bar", "Measured", "Limit"),
                limits.stream()
                        .map(limit -> new Row(
                                limit.verdict() != Limit.Verdict.PASS,
                                List.of(limit.verdict().name(), limit.text(), limit.measured(), limit.limit())))
                        .toList());
    }

    private static void replace(Path file, String content) throws IOException {
        Path written = file.resolveSibling("." + file.getFileName() + ".new");
        try {
            Files.writeString(written, content, StandardCharsets.UTF_8);
            Files.move(written, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(written);
        }
    }

    private static void removeOldCharts(Path target, Map<String, String> files) throws IOException {
        try (DirectoryStream<Path> charts = Files.newDirectoryStream(target, "*.svg")) {
            for (Path chart : charts) {
                if (!files.containsKey(chart.getFileName().toString()) && isOurs(chart)) {
                    Files.delete(chart);
                }
            }
        }
    }

    private static boolean isOurs(Path chart) throws IOException {
        byte[] mark = Svg.MARK.getBytes(StandardCharsets.UTF_8);
        if (!Files.isRegularFile(chart)) {
            return false;
        }
        try (InputStream in = Files.newInputStream(chart)) {
            return Arrays.equals(in.readNBytes(mark.length), mark);
        }
    }
}
