package io.blobstore.bench.report;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.internal.chartpart.IChart;

/**
 * Makes an SVG file of a chart: always the same for the same chart, fit to stand with others in a page, and small.
 * XChart writes each letter as its outline, which no reader's fonts can change, but with all the digits of a double.
 */
final class Svg {
    /** By this, the charts of an earlier report are known. */
    static final String MARK = "<!-- A chart of the report of the benchmarks -->";

    private static final Pattern PROLOG = Pattern.compile("^\\s*(<\\?xml[^>]*>\\s*)?(<!DOCTYPE[^>]*>\\s*)?");
    private static final Pattern CLIP = Pattern.compile("clip(-?\\d+)");
    private static final Pattern LONG_NUMBER = Pattern.compile("(?<![\\w.])-?\\d+\\.\\d{2,}(E-?\\d+)?(?![\\w.])");
    private static final Pattern OUTLINE = Pattern.compile(" d=\"([^\"]*)\"");
    private static final Pattern COMMAND = Pattern.compile("([MLQCZ])([^MLQCZ]*)");
    private static final Pattern SEGMENT = Pattern.compile(
            "<line (style=\"[^\"]*\") x1=\"([^\"]*)\" x2=\"([^\"]*)\" y1=\"([^\"]*)\" y2=\"([^\"]*)\"/>\\s*");

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
        svg = OUTLINE.matcher(svg).replaceAll(match -> " d=\"" + relative(match.group(1)) + "\"");
        svg = LONG_NUMBER
                .matcher(svg)
                .replaceAll(match -> rounded(match.group()).toPlainString());
        svg = joined(svg);
        String label = " role=\"img\" aria-label=\"" + Html.escape(text) + "\" ";
        svg = svg.replaceFirst("<svg ", Matcher.quoteReplacement("<svg" + label));
        return MARK + "\n" + svg.replaceAll("\n +", "\n").strip() + "\n";
    }

    /** To a tenth of a pixel: less cannot be seen. */
    private static BigDecimal rounded(String number) {
        BigDecimal rounded = new BigDecimal(number).setScale(1, RoundingMode.HALF_UP);
        return rounded.signum() == 0 ? BigDecimal.ZERO : rounded.stripTrailingZeros();
    }

    /** An outline with each point relative to where the command before it ended, which takes half of the characters. */
    private static String relative(String outline) {
        StringBuilder out = new StringBuilder();
        BigDecimal[] at = {BigDecimal.ZERO, BigDecimal.ZERO};
        BigDecimal[] start = at;
        Matcher command = COMMAND.matcher(outline);
        while (command.find()) {
            String kind = command.group(1);
            out.append(kind.equals("M") ? "M" : kind.toLowerCase(Locale.ROOT));
            if (kind.equals("Z")) {
                at = start;
                continue;
            }
            String[] numbers = command.group(2).strip().split("[ ,]+");
            BigDecimal[] end = at;
            for (int i = 0; i < numbers.length; i += 2) {
                // Points are rounded before they are subtracted, so that errors do not add up.
                end = new BigDecimal[] {rounded(numbers[i]), rounded(numbers[i + 1])};
                boolean absolute = kind.equals("M");
                append(out, absolute ? end[0] : end[0].subtract(at[0]), i == 0);
                append(out, absolute ? end[1] : end[1].subtract(at[1]), false);
            }
            at = end;
            if (kind.equals("M")) {
                start = at;
            }
        }
        return out.toString();
    }

    private static void append(StringBuilder out, BigDecimal number, boolean first) {
        String text = number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString();
        // A minus separates, too.
        out.append(first || text.startsWith("-") ? "" : " ").append(text.replaceFirst("^(-?)0\\.", "$1."));
    }

    /** The pieces of a line as one element. */
    private static String joined(String svg) {
        StringBuilder out = new StringBuilder();
        Matcher segment = SEGMENT.matcher(svg);
        int copied = 0;
        String style = "";
        String end = "";
        while (segment.find()) {
            String from = segment.group(2) + "," + segment.group(4);
            String to = segment.group(3) + "," + segment.group(5);
            boolean continues = segment.start() == copied && segment.group(1).equals(style) && from.equals(end);
            if (!continues) {
                out.append(style.isEmpty() ? "" : "\"/>\n")
                        .append(svg, copied, segment.start())
                        .append("<polyline ")
                        .append(segment.group(1))
                        .append(" points=\"")
                        .append(from);
            }
            out.append(' ').append(to);
            copied = segment.end();
            style = segment.group(1);
            end = to;
        }
        return out.append(style.isEmpty() ? "" : "\"/>\n")
                .append(svg, copied, svg.length())
                .toString();
    }
}
