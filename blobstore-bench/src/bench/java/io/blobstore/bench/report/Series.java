package io.blobstore.bench.report;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.DoubleFunction;
import java.util.function.DoubleUnaryOperator;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Values of one kind.
 *
 * @param groups in each, what was measured beside the same group of others: the values of a round in turns, or of a
 *     fork of JMH's; none is empty
 */
public record Series(List<List<Double>> groups) {
    /** Those of one group. */
    public static Series of(List<Double> values) {
        return new Series(List.of(values));
    }

    /** A value of each, in one group. */
    public static <T> Series of(List<T> rounds, ToDoubleFunction<T> value) {
        return of(rounds.stream().map(value::applyAsDouble).toList());
    }

    /** All values, group by group. */
    public List<Double> values() {
        return groups.stream().flatMap(List::stream).toList();
    }

    /** The least. */
    public double min() {
        return values().stream().mapToDouble(Double::doubleValue).min().orElseThrow();
    }

    /** The greatest. */
    public double max() {
        return values().stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    }

    /** The middle of all, or what is between the two middles. */
    public double median() {
        double[] sorted =
                values().stream().mapToDouble(Double::doubleValue).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** The median of each group. */
    Series medians() {
        return new Series(groups.stream()
                .map(values -> List.of(Series.of(values).median()))
                .toList());
    }

    /** The ratios to another series of the same shape, value by value. */
    public Series over(Series other) {
        return new Series(IntStream.range(0, groups.size())
                .mapToObj(i -> over(groups.get(i), other.groups.get(i)))
                .toList());
    }

    private static List<Double> over(List<Double> dividends, List<Double> divisors) {
        return IntStream.range(0, dividends.size())
                .mapToObj(i -> dividends.get(i) / divisors.get(i))
                .toList();
    }

    /**
     * The ratio of the medians: group by group, as those of one round are neighbours in time; of all values where one
     * series lacks a group of the other's; empty where it would be a division by zero.
     */
    public Optional<Series> ratioTo(Series other) {
        if (other.medians().min() == 0) {
            return Optional.empty();
        }
        return Optional.of(
                groups.size() == other.groups.size()
                        ? medians().over(other.medians())
                        : of(List.of(median() / other.median())));
    }

    /**
     * The median, and in brackets the least and the greatest, if they are not the same.
     *
     * @param format of each, as of {@link String#format}
     */
    public String describe(String format) {
        return describe(value -> String.format(Locale.ROOT, format, value));
    }

    String describe(DoubleFunction<String> format) {
        String least = format.apply(min());
        String greatest = format.apply(max());
        return format.apply(median()) + (least.equals(greatest) ? "" : " (" + least + "–" + greatest + ")");
    }

    /** Another value for each. */
    public Series map(DoubleUnaryOperator function) {
        return new Series(groups.stream()
                .map(values -> values.stream().map(function::applyAsDouble).toList())
                .toList());
    }
}
