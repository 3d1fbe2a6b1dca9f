package io.blobstore.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MemoryCurveTest {
    private static MemoryCurve curve(int points, int peakAt) {
        return new MemoryCurve(
                "UploadBenchmark.upload",
                "BLOBSTORE",
                "HTTP",
                IntStream.range(0, points).mapToObj(i -> i * 0.5).toList(),
                IntStream.range(0, points)
                        .mapToObj(i -> i == peakAt ? 1000.0 : i)
                        .toList());
    }

    @Test
    void thinnedKeepsThePeakWhereItIs() {
        for (int peakAt = 0; peakAt < 101; peakAt++) {
            MemoryCurve thinned = curve(101, peakAt).thinned(7);
            assertThat(thinned.peak()).isEqualTo(1000);
            assertThat(thinned.seconds()).hasSize(7).isSorted();
            assertThat(thinned.seconds().get(thinned.mebibytes().indexOf(1000.0)))
                    .isEqualTo(peakAt * 0.5);
        }
    }

    @Test
    void fewPointsStayAsTheyAre() {
        MemoryCurve curve = curve(7, 3);
        assertThat(curve.thinned(7)).isEqualTo(curve);
        assertThat(curve.thinned(1).mebibytes()).isEqualTo(List.of(1000.0));
    }
}
