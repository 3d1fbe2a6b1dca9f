package io.blobstore.bench.report;

import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** Values of one kind, a value for each round. */
public record Series(List<Double> values) {
    /** A value of each round. */
    public static <T> Series of(List<T> rounds, ToDoubleFunction<T> value) {
        return new Series(rounds.stream().map(value::applyAsDouble).toList());
    }

    /** The least. */
    public double min() {
        return values.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
    }

    /** The greatest. */
    public double max() {
        return values.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    }

    /** The middle, or what is between the two middles. */
    public double median() {
        double[] sorted =
                values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** The ratios to another series, round by round. */
    public Series over(Series other) {
        return new Series(IntStream.range(0, values.size())
                .mapToObj(i -> values.get(i) / other.values.get(i))
                .toList());
    }
}
