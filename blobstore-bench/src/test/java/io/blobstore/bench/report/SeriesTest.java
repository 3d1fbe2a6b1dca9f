package io.blobstore.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SeriesTest {
    private final Series odd = Series.of(List.of(3.0, 1.0, 8.0));
    private final Series even = Series.of(List.of(4.0, 1.0, 2.0, 8.0));

    @Test
    void theMedianIsTheMiddleOrBetweenTheTwoMiddles() {
        assertThat(odd.median()).isEqualTo(3.0);
        assertThat(even.median()).isEqualTo(3.0);
    }

    @Test
    void ratiosOfMediansAreTakenGroupByGroup() {
        Series ours = new Series(List.of(List.of(1.0, 2.0, 9.0), List.of(3.0)));
        Series theirs = new Series(List.of(List.of(4.0), List.of(2.0, 2.0)));
        assertThat(ours.ratioTo(theirs).map(Series::values)).contains(List.of(0.5, 1.5));
    }

    @Test
    void theRatioIsOfAllWhereAGroupIsMissing() {
        Series ours = new Series(List.of(List.of(1.0), List.of(3.0)));
        assertThat(ours.ratioTo(Series.of(List.of(4.0))).map(Series::values)).contains(List.of(0.5));
    }

    @Test
    void thereIsNoRatioToNothing() {
        assertThat(odd.ratioTo(new Series(List.of(List.of(1.0), List.of(0.0))))).isEmpty();
    }

    @Test
    void ratiosAreTakenValueByValue() {
        assertThat(odd.over(Series.of(List.of(1.0, 2.0, 2.0))).values()).containsExactly(3.0, 0.5, 4.0);
    }
}
