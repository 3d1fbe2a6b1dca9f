package io.blobstore.bench.report;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.internal.chartpart.IChart;

/** Makes an SVG file of a chart: always the same for the same chart, and fit to stand with others in a page. */
final class Svg {
    /** By this, the charts of an earlier report are known. */
    static final String MARK = "<!-- A chart of the report of the benchmarks -->";

    private static final Pattern PROLOG = Pattern.compile("^\\s*(<\\?xml[^>]*>\\s*)?(<!DOCTYPE[^>]*>\\s*)?");
    private static final Pattern CLIP = Pattern.compile("clip(-?\\d+)");
    private static final Pattern LONG_NUMBER = Pattern.compile("(?<![\\d.])-?\\d+\\.\\d{3,}(E-?\\d+)?(?![\\w.])");

    private Svg() {}

    static String of(IChart chart, String name, String text) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ChartEncoder.saveChart(chart, out, "svg");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        // The DTD that the prolog names would be fetched by some readers, and in a page there is no place for it.
        String svg = PROLOG.matcher(out.toString(StandardCharsets.UTF_8)).replaceFirst("");
        // Clips are named after hash codes, which change from run to run, and names must be unique in a page.
        Map<String, String> clips = new LinkedHashMap<>();
        svg = CLIP.matcher(svg)
                .replaceAll(match -> clips.computeIfAbsent(match.group(1), key -> name + "-clip" + (clips.size() + 1)));
        // A tenth of a pixel cannot be seen, and outlines of letters are most of the file.
        svg = LONG_NUMBER
                .matcher(svg)
                .replaceAll(match -> new BigDecimal(match.group())
                        .setScale(1, RoundingMode.HALF_UP)
                        .stripTrailingZeros()
                        .toPlainString());
        svg = svg.replaceFirst(
                "<svg ", "<svg role=\"img\" aria-label=\"" + Matcher.quoteReplacement(Html.escape(text)) + "\" ");
        return MARK + "\n" + svg.strip() + "\n";
    }
}
