package io.blobstore.bench;

import java.util.List;
import java.util.Locale;

/** Writes a horizontal bar chart as SVG. The same bars give the same text. */
final class BarChart {
    private static final int ROW = 24;
    private static final int TOP = 40;
    private static final int LABELS = 280;
    private static final int WIDTH = 860;
    private static final int VALUES = 60;
    /** The ratio of the greatest to the least value from which a linear axis would hide the least. */
    private static final double LOGARITHMIC_FROM = 50;

    private BarChart() {}

    /** A bar from 0 to the median of a series, with a line from its least to its greatest value. */
    record Bar(String label, String color, Series series) {}

    static String svg(String title, List<Bar> bars) {
        double least =
                bars.stream().mapToDouble(bar -> bar.series().min()).min().orElse(1);
        double greatest =
                bars.stream().mapToDouble(bar -> bar.series().max()).max().orElse(1);
        boolean logarithmic = least > 0 && greatest > LOGARITHMIC_FROM * least;
        String heading = title + (logarithmic ? " (logarithmic)" : "");
        StringBuilder out = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"%1$s\" viewBox=\"0 0 %2$d %3$d\""
                        + " width=\"%2$d\" height=\"%3$d\" font-family=\"sans-serif\" font-size=\"13\">%n"
                        + "<rect width=\"%2$d\" height=\"%3$d\" fill=\"#fff\"/>%n"
                        + "<text x=\"12\" y=\"24\" font-weight=\"bold\" fill=\"#24292f\">%1$s</text>%n",
                escape(heading),
                WIDTH,
                TOP + ROW * bars.size() + 12));
        for (int i = 0; i < bars.size(); i++) {
            Bar bar = bars.get(i);
            int y = TOP + ROW * i;
            double min = x(bar.series().min(), least, greatest, logarithmic);
            double max = x(bar.series().max(), least, greatest, logarithmic);
            double median = x(bar.series().median(), least, greatest, logarithmic);
            out.append(String.format(
                    Locale.ROOT,
                    "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"#24292f\">%s</text>"
                            + "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>"
                            + "<path d=\"M%.1f %dH%.1f\" stroke=\"#24292f\"/>"
                            + "<text x=\"%.1f\" y=\"%d\" fill=\"#24292f\">%s</text>%n",
                    LABELS - 8,
                    y + 15,
                    escape(bar.label()),
                    LABELS,
                    y + 2,
                    median,
                    ROW - 6,
                    bar.color(),
                    LABELS + min,
                    y + ROW / 2 - 1,
                    LABELS + max,
                    LABELS + max + 6,
                    y + 15,
                    Series.format(bar.series().median())));
        }
        return out.append("</svg>\n").toString();
    }

    private static double x(double value, double least, double greatest, boolean logarithmic) {
        double from = least / 2; // the left end of a logarithmic axis
        double share = logarithmic ? Math.log(value / from) / Math.log(greatest / from) : value / greatest;
        return (WIDTH - LABELS - VALUES) * share;
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
    }
}
