package io.blobstore.contract;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/**
 * Combines the parameters of a test pairwise: each value of a parameter occurs with each value of any other parameter.
 * Only the campaign tier runs all combinations.
 */
public final class Pairwise {
    private Pairwise() {}

    /** A value of one parameter together with a value of another one. */
    private record Pair(int first, int firstValue, int second, int secondValue) {}

    /**
     * Returns all combinations in the campaign tier, and a selection that has each pair of values in the quick tier.
     *
     * @param parameters the values of each parameter, in the order of the test method's parameters
     */
    public static Stream<Arguments> arguments(List<?>... parameters) {
        List<int[]> product = product(parameters);
        List<int[]> rows = CampaignScale.isFull() ? product : cover(product);
        return rows.stream().map(row -> {
            Object[] values = new Object[row.length];
            for (int i = 0; i < row.length; i++) {
                values[i] = parameters[i].get(row[i]);
            }
            return Arguments.of(values);
        });
    }

    /** Returns the indices of all combinations. */
    static List<int[]> product(List<?>... parameters) {
        List<int[]> rows = List.of(new int[0]);
        for (List<?> values : parameters) {
            List<int[]> longer = new ArrayList<>();
            for (int[] row : rows) {
                for (int value = 0; value < values.size(); value++) {
                    int[] next = Arrays.copyOf(row, row.length + 1);
                    next[row.length] = value;
                    longer.add(next);
                }
            }
            rows = longer;
        }
        return rows;
    }

    /** Returns a selection of combinations that contains all pairs of values which occur in them. Deterministic. */
    static List<int[]> cover(List<int[]> product) {
        Set<Pair> missing = new HashSet<>();
        product.forEach(row -> missing.addAll(pairs(row)));
        List<int[]> cover = new ArrayList<>();
        while (!missing.isEmpty()) {
            int[] best = {};
            long most = 0;
            for (int[] row : product) {
                long gain = pairs(row).stream().filter(missing::contains).count();
                if (gain > most) {
                    best = row;
                    most = gain;
                }
            }
            cover.add(best);
            missing.removeAll(pairs(best));
        }
        return cover;
    }

    private static List<Pair> pairs(int[] row) {
        List<Pair> pairs = new ArrayList<>();
        for (int first = 0; first < row.length; first++) {
            for (int second = first;
                    second < row.length;
                    second++) { // also with itself: there may be only one parameter
                pairs.add(new Pair(first, row[first], second, row[second]));
            }
        }
        return pairs;
    }
}
