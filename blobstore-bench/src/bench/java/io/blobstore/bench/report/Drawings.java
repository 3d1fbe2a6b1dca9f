package io.blobstore.bench.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.Shape;
import java.awt.font.FontRenderContext;
import java.awt.font.TextLayout;
import java.awt.geom.AffineTransform;
import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategorySeries;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.internal.chartpart.Annotation;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The charts, as XChart draws them. */
final class Drawings {
    static {
        // Nothing is shown on a screen, and where there is none, AWT must know before it starts.
        System.setProperty("java.awt.headless", "true");
    }

    private static final int WIDTH = 900;
    private static final int ROW = 32;
    private static final int BAR = 18;
    /** Between labels and what they are of. */
    private static final int GAP = 8;
    /** From how many times the least on, the greatest would leave nothing to be seen of the least. */
    private static final double LOG_FROM = 50;

    private static final Color INK = new Color(0x24292f);
    private static final Color GRID = new Color(0xdde2e8);
    private static final Color SUBJECT = new Color(0x0b6bcb);
    private static final Color FLOOR = new Color(0xd9822b);
    private static final Color PEER = new Color(0xa3abb5);
    private static final List<Color> PEER_LINES = List.of(
            new Color(0x6e7781),
            new Color(0x8250df),
            new Color(0x2c974b),
            new Color(0xbf3989),
            new Color(0x7d5a29),
            new Color(0x1b9aaa),
            new Color(0xa3abb5),
            new Color(0x9a6700));
    private static final List<Marker> MARKERS = List.of(
            SeriesMarkers.SQUARE,
            SeriesMarkers.DIAMOND,
            SeriesMarkers.TRIANGLE_UP,
            SeriesMarkers.TRIANGLE_DOWN,
            SeriesMarkers.CROSS);

    private static final float[] DASHES = {6, 4};
    /** BasicStroke's own, which it has no name for. */
    private static final float MITER = 10;

    private static final Font TEXT = new Font(Font.SANS_SERIF, Font.PLAIN, 13);
    private static final Font STRONG = new Font(Font.SANS_SERIF, Font.BOLD, 13);
    private static final Font TITLE = new Font(Font.SANS_SERIF, Font.BOLD, 15);
    private static final FontRenderContext METRICS = new FontRenderContext(null, true, true);

    private Drawings() {}

    /** A bar, and from where to where the values are whose median it is. */
    record Bar(String label, Store.Role role, double value, double min, double max) {}

    /** A line of points. */
    record Line(String label, Store.Role role, List<Double> x, List<Double> y) {}

    /**
     * Bars below each other, in their order. XChart's own have one colour for all and no spread, so that these are
     * thick lines.
     */
    static XYChart bars(String title, String axis, List<Bar> bars) {
        int rows = bars.size();
        XYChart chart = new XYChart(WIDTH, 110 + ROW * rows);
        chart.setTitle(title);
        double least = bars.stream()
                .mapToDouble(Bar::min)
                .filter(value -> value > 0)
                .min()
                .orElse(1);
        double greatest = bars.stream().mapToDouble(Bar::max).max().orElse(1);
        boolean logarithmic = greatest > LOG_FROM * least;
        chart.setXAxisTitle(logarithmic ? axis + " (logarithmic)" : axis);
        double from = logarithmic ? Math.pow(10, Math.floor(Math.log10(least) - 0.2)) : 0;

        double labels = bars.stream()
                .mapToDouble(bar -> width(bar.label(), font(bar)))
                .max()
                .orElse(0);
        double values = bars.stream()
                .mapToDouble(bar -> width(Numbers.of(bar.value()), TEXT))
                .max()
                .orElse(0);
        // So much of the plot must stay free at the right that the greatest has its figure beside it.
        double free = (values + 2 * GAP) / (WIDTH - labels - 60);
        double to = logarithmic
                ? from * Math.pow(greatest / from, 1 / (1 - free))
                : greatest <= 0 ? 1 : greatest / (1 - free);

        AxesChartStyler styler = style(chart.getStyler());
        chart.getStyler().setLegendVisible(false);
        styler.setYAxisTicksVisible(false);
        styler.setYAxisTitleVisible(false);
        styler.setYAxisLeftWidthHint((int) Math.ceil(labels) + GAP + 10);
        styler.setPlotGridHorizontalLinesVisible(false);
        styler.setXAxisTickLabelsFormattingFunction(Numbers::tick);
        styler.setXAxisLogarithmic(logarithmic);
        styler.setXAxisLogarithmicDecadeOnly(true);
        styler.setXAxisMin(from);
        styler.setXAxisMax(to);
        styler.setYAxisMin(0.4);
        styler.setYAxisMax(rows + 0.6);
        styler.setPlotContentSize(0.99);

        List<Double> spreadX = new ArrayList<>();
        List<Double> spreadY = new ArrayList<>();
        for (int i = 0; i < rows; i++) {
            Bar bar = bars.get(i);
            double y = rows - i;
            XYSeries series =
                    chart.addSeries("bar " + i, new double[] {from, Math.max(from, bar.value())}, new double[] {y, y});
            series.setMarker(SeriesMarkers.NONE);
            series.setLineColor(color(bar.role()));
            series.setLineStyle(new BasicStroke(BAR, BasicStroke.CAP_BUTT, BasicStroke.JOIN_MITER));
            double min = Math.max(from, bar.min());
            double max = Math.max(from, bar.max());
            spreadX.addAll(List.of(min, min, min, max, max, max, max));
            spreadY.addAll(List.of(y - 0.13, y + 0.13, y, y, y + 0.13, y - 0.13, Double.NaN));
            chart.addAnnotation(new Label(bar.label(), font(bar), INK, Side.LEFT_OF_PLOT, from, y));
            chart.addAnnotation(new Label(Numbers.of(bar.value()), TEXT, INK, Side.RIGHT_OF_POINT, max, y));
        }
        XYSeries spread = chart.addSeries("spread", spreadX, spreadY);
        spread.setMarker(SeriesMarkers.NONE);
        spread.setLineColor(INK);
        spread.setLineStyle(new BasicStroke(1.3f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_MITER));
        return chart;
    }

    /** Lines over time. */
    static XYChart lines(String title, String xAxis, String yAxis, List<Line> lines) {
        XYChart chart = new XYChart(width(lines), height(lines));
        chart.setTitle(title);
        chart.setXAxisTitle(xAxis);
        chart.setYAxisTitle(yAxis);
        legend(style(chart.getStyler()));
        double end = lines.stream()
                .flatMap(line -> line.x().stream())
                .mapToDouble(Double::doubleValue)
                .max()
                .orElse(0);
        chart.getStyler().setXAxisMin(0.0);
        // Not where the last point is: of points at equal distances, XChart would label as many as there is room for.
        chart.getStyler().setXAxisMax(end > 0 ? end * 1.01 : 1);
        chart.getStyler().setXAxisTickLabelsFormattingFunction(Numbers::tick);
        chart.getStyler().setYAxisMin(0.0);
        int peers = 0;
        for (Line line : lines) {
            XYSeries series = chart.addSeries(unique(line, lines), line.x(), line.y());
            series.setMarker(SeriesMarkers.NONE);
            series.setLineColor(lineColor(line, peers));
            series.setLineStyle(stroke(line, peers));
            peers += line.role() == Store.Role.PEER ? 1 : 0;
        }
        return chart;
    }

    /** Lines over a few values, which stand side by side whatever their distance: parameters are mostly doubled. */
    static CategoryChart steps(String title, String xAxis, String yAxis, List<Double> steps, List<Line> lines) {
        CategoryChart chart = new CategoryChart(width(lines), height(lines));
        chart.setTitle(title);
        chart.setXAxisTitle(xAxis);
        chart.setYAxisTitle(yAxis);
        legend(style(chart.getStyler()));
        chart.getStyler().setYAxisMin(0.0);
        chart.getStyler().setDefaultSeriesRenderStyle(CategorySeries.CategorySeriesRenderStyle.Line);
        // Else the points of one step would stand side by side, as bars do.
        chart.getStyler().setOverlapped(true);
        chart.getStyler().setMarkerSize(7);
        int peers = 0;
        for (Line line : lines) {
            List<Double> y = new ArrayList<>();
            for (Double step : steps) {
                int index = line.x().indexOf(step);
                y.add(index < 0 ? Double.valueOf(Double.NaN) : line.y().get(index));
            }
            CategorySeries series = chart.addSeries(
                    unique(line, lines), steps.stream().map(Numbers::tick).toList(), y);
            series.setMarker(
                    line.role() == Store.Role.PEER ? MARKERS.get(peers % MARKERS.size()) : SeriesMarkers.CIRCLE);
            series.setMarkerColor(lineColor(line, peers));
            series.setLineColor(lineColor(line, peers));
            series.setLineStyle(stroke(line, peers));
            peers += line.role() == Store.Role.PEER ? 1 : 0;
        }
        return chart;
    }

    /** With room for the legend, whose titles may be long, beside the plot. */
    private static int width(List<Line> lines) {
        return 700
                + (int) lines.stream()
                        .mapToDouble(line -> width(line.label(), TEXT))
                        .max()
                        .orElse(0);
    }

    private static int height(List<Line> lines) {
        return Math.max(360, 90 + 30 * lines.size());
    }

    /** XChart knows lines by their names: two of one title are told apart by a number. */
    private static String unique(Line line, List<Line> lines) {
        List<Line> same = lines.stream()
                .filter(other -> other.label().equals(line.label()))
                .toList();
        return same.size() == 1 ? line.label() : line.label() + " " + (same.indexOf(line) + 1);
    }

    private static AxesChartStyler style(AxesChartStyler styler) {
        styler.setLocale(Locale.ROOT);
        styler.setBaseFont(TEXT);
        styler.setChartTitleFont(TITLE);
        styler.setChartTitleBoxVisible(false);
        styler.setChartTitlePadding(10);
        styler.setAxisTitleFont(TEXT);
        styler.setAxisTickLabelsFont(TEXT);
        styler.setLegendFont(TEXT);
        styler.setChartBackgroundColor(Color.WHITE);
        styler.setPlotBackgroundColor(Color.WHITE);
        styler.setChartFontColor(INK);
        styler.setAxisTickLabelsColor(INK);
        styler.setPlotBorderVisible(false);
        styler.setPlotGridLinesColor(GRID);
        styler.setPlotGridLinesStroke(new BasicStroke(1));
        styler.setAxisTickMarksColor(GRID);
        styler.setChartPadding(12);
        styler.setYAxisTickLabelsFormattingFunction(Numbers::tick);
        return styler;
    }

    private static void legend(AxesChartStyler styler) {
        styler.setLegendPosition(LegendPosition.OutsideE);
        styler.setLegendLayout(LegendLayout.Vertical);
        styler.setLegendBorderColor(Color.WHITE);
        styler.setLegendSeriesLineLength(28);
        styler.setYAxisTickMarkSpacingHint(48);
    }

    private static Font font(Bar bar) {
        return bar.role() == Store.Role.SUBJECT ? STRONG : TEXT;
    }

    private static Color color(Store.Role role) {
        return switch (role) {
            case SUBJECT -> SUBJECT;
            case FLOOR -> FLOOR;
            case PEER -> PEER;
        };
    }

    /** Grey lines that cross could not be told apart. */
    private static Color lineColor(Line line, int peers) {
        return line.role() == Store.Role.PEER ? PEER_LINES.get(peers % PEER_LINES.size()) : color(line.role());
    }

    /** Dashed where the colours begin again. */
    private static BasicStroke stroke(Line line, int peers) {
        boolean dashed = line.role() == Store.Role.PEER && peers >= PEER_LINES.size();
        return new BasicStroke(
                line.role() == Store.Role.SUBJECT ? 3 : 1.6f,
                BasicStroke.CAP_ROUND,
                BasicStroke.JOIN_ROUND,
                MITER,
                dashed ? DASHES : null,
                0);
    }

    private static double width(String text, Font font) {
        return text.isEmpty() ? 0 : new TextLayout(text, font, METRICS).getAdvance();
    }

    /** Where a label stands. */
    private enum Side {
        LEFT_OF_PLOT,
        RIGHT_OF_POINT
    }

    /** Text beside a point: XChart's own is always above its middle. */
    private static final class Label extends Annotation {
        private final String text;
        private final Font font;
        private final Color color;
        private final Side side;
        private final double x;
        private final double y;

        Label(String text, Font font, Color color, Side side, double x, double y) {
            super(false);
            this.text = text;
            this.font = font;
            this.color = color;
            this.side = side;
            this.x = x;
            this.y = y;
        }

        @Override
        public void paint(Graphics2D g) {
            bounds = new Rectangle2D.Double();
            if (text.isBlank()) {
                return;
            }
            TextLayout layout = new TextLayout(text, font, METRICS);
            double left = side == Side.LEFT_OF_PLOT
                    ? getXAxisScreenValueForMin() - GAP - layout.getAdvance()
                    : getXAxisScreenValue(x) + GAP;
            // The middle of small letters with ascenders, whichever this text has, so that all lines sit alike.
            double baseline = getYAxisScreenValue(y) + font.getSize2D() * 0.36;
            // As outlines: where the report is read, there may be another font.
            Shape outline = layout.getOutline(AffineTransform.getTranslateInstance(left, baseline));
            g.setColor(color);
            g.fill(outline);
            bounds = outline.getBounds2D();
        }
    }
}
