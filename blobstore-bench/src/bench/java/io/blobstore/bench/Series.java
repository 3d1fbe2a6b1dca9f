package io.blobstore.bench;

import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;
import java.util.stream.IntStream;

/** The values of a figure, one per round; not empty. */
public record Series(List<Double> values) {
    double min() {
        return values.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
    }

    double max() {
        return values.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    }

    /** Returns the median: the middle value, or the average of the two middle values. */
    public double median() {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    /** Returns the ratios to another series, round by round: values of one round are close in time. */
    public Series over(Series other) {
        return new Series(IntStream.range(0, Math.min(values.size(), other.values.size()))
                .mapToObj(i -> values.get(i) / other.values.get(i))
                .toList());
    }

    /** Returns the median and, if the values differ, the least and the greatest value, in the format of a value. */
    public String describe(String format) {
        return describe(value -> String.format(Locale.ROOT, format, value));
    }

    /** Returns the same with about three digits for each value. */
    String describe() {
        return describe(Series::format);
    }

    private String describe(DoubleFunction<String> format) {
        String least = format.apply(min());
        String greatest = format.apply(max());
        return format.apply(median()) + (least.equals(greatest) ? "" : " (" + least + "–" + greatest + ")");
    }

    /** Formats a value with about three significant digits. */
    static String format(double value) {
        double size = Math.abs(value);
        if (size == 0) {
            return "0";
        }
        int decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3;
        return String.format(Locale.ROOT, size < 0.001 ? "%.2g" : "%." + decimals + "f", value);
    }
}
