package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class PairwiseTest {
    private static final List<List<Integer>> PARAMETERS =
            List.of(List.of(1, 2, 3, 4), List.of(5, 6, 7, 8), List.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), List.of(1, 2));

    private static final List<int[]> PRODUCT = Pairwise.product(PARAMETERS.toArray(List[]::new));

    @Test
    void theProductHasAllCombinations() {
        assertThat(PRODUCT.stream().map(List::of).map(row -> Arrays.toString(row.get(0))))
                .hasSize(4 * 4 * 10 * 2)
                .doesNotHaveDuplicates();
    }

    @Test
    void theSelectionHasEachPairOfValuesInAFractionOfTheCombinations() {
        List<int[]> cover = Pairwise.cover(PRODUCT);

        for (int first = 0; first < PARAMETERS.size(); first++) {
            for (int second = first + 1; second < PARAMETERS.size(); second++) {
                int a = first;
                int b = second;
                assertThat(cover.stream().map(row -> List.of(row[a], row[b])).distinct())
                        .hasSize(PARAMETERS.get(a).size() * PARAMETERS.get(b).size());
            }
        }
        assertThat(cover).hasSizeBetween(40, 60);
    }

    @Test
    void theSelectionIsAlwaysTheSame() {
        assertThat(Pairwise.cover(PRODUCT)).containsExactlyElementsOf(Pairwise.cover(PRODUCT));
    }

    @Test
    void oneParameterIsNotReduced() {
        assertThat(Pairwise.arguments(List.of("a", "b", "c")).map(row -> row.get()[0]))
                .containsExactly("a", "b", "c");
    }
}
