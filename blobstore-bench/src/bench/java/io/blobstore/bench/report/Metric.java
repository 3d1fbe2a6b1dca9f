package io.blobstore.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A value of a result of JMH.
 *
 * @param groups for each fork, or round in turns, its values; empty for samples
 * @param histogram how often each sample occurred; empty for others than samples, and where the file leaves it out
 * @param percentiles as JMH counted them
 */
record Metric(
        String unit,
        List<List<Double>> groups,
        SortedMap<Double, Long> histogram,
        SortedMap<Double, Double> percentiles) {
    Optional<Series> series() {
        return groups.isEmpty() ? Optional.empty() : Optional.of(new Series(groups));
    }

    boolean isSampled() {
        return groups.isEmpty() && !(histogram.isEmpty() && percentiles.isEmpty());
    }

    OptionalDouble percentile(double percent) {
        if (histogram.isEmpty()) {
            Double counted = percentiles.get(percent);
            return counted == null ? OptionalDouble.empty() : OptionalDouble.of(counted);
        }
        long total = histogram.values().stream().mapToLong(Long::longValue).sum();
        // 99.9 is no number of a double: of a thousand samples, the 999th must not become the 1000th.
        double rank = percent * total / 100 - 1e-6;
        long below = 0;
        for (Map.Entry<Double, Long> sample : histogram.entrySet()) {
            below += sample.getValue();
            if (below >= rank) {
                return OptionalDouble.of(sample.getKey());
            }
        }
        return OptionalDouble.of(histogram.lastKey());
    }

    /** Both, as if of one run. */
    Metric and(Metric other) {
        List<List<Double>> all = new ArrayList<>(groups);
        all.addAll(other.groups);
        SortedMap<Double, Long> both = new TreeMap<>();
        // Percentiles cannot be added: without all samples, there are none.
        if (!histogram.isEmpty() && !other.histogram.isEmpty()) {
            Stream.of(histogram, other.histogram)
                    .forEach(one -> one.forEach((value, count) -> both.merge(value, count, Long::sum)));
        }
        return new Metric(unit, all, both, new TreeMap<>());
    }
}
