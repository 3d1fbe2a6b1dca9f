package io.blobstore.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SeriesTest {
    private final Series odd = new Series(List.of(3.0, 1.0, 8.0));
    private final Series even = new Series(List.of(4.0, 1.0, 2.0, 8.0));

    @Test
    void theMedianIsTheMiddleOrBetweenTheTwoMiddles() {
        assertThat(odd.median()).isEqualTo(3.0);
        assertThat(even.median()).isEqualTo(3.0);
    }

    @Test
    void ratiosAreTakenRoundByRound() {
        assertThat(odd.over(new Series(List.of(1.0, 2.0, 2.0))).values()).containsExactly(3.0, 0.5, 4.0);
    }
}
