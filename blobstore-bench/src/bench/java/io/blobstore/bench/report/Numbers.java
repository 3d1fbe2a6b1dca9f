package io.blobstore.bench.report;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/** Figures as people read them: about three digits of them mean something. */
final class Numbers {
    /** Stands where nothing was measured. */
    static final String NONE = "–";

    private Numbers() {}

    static String of(double value) {
        double size = Math.abs(value);
        if (size == 0) {
            return "0";
        }
        if (size < 0.001) {
            return String.format(Locale.ROOT, "%.2g", value);
        }
        int decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3;
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }

    static String of(OptionalDouble value) {
        return value.isPresent() ? of(value.getAsDouble()) : NONE;
    }

    /** The median, and from where to where all values are. */
    static String of(Series series) {
        return series.describe(Numbers::of);
    }

    static String of(Optional<Series> series) {
        return series.map(Numbers::of).orElse(NONE);
    }

    static String median(Optional<Series> series) {
        return series.map(values -> of(values.median())).orElse(NONE);
    }

    /** Of the medians: the middle one of all groups, and from where to where they are. */
    static String ratio(Optional<Series> dividend, Optional<Series> divisor) {
        return ratio(dividend.flatMap(series -> divisor.flatMap(series::ratioTo)));
    }

    static String ratio(Optional<Series> ratios) {
        return ratios.map(series -> series.describe("%.2f")).orElse(NONE);
    }

    /** For axes and counts: without zeros at the end. */
    static String tick(double value) {
        String text = of(value);
        return text.contains(".") && !text.contains("e") ? text.replaceFirst("\\.?0+$", "") : text;
    }
}
