package io.blobstore.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class WarmUpTest {
    private final WarmUp warmUp = new WarmUp(Duration.ZERO, Duration.ofSeconds(10), Duration.ofSeconds(30));

    private static Measurement compiling(double share) {
        return new Measurement(2, 2, 0, true, 2 * share, 0, new Latencies());
    }

    @Test
    void lastsUntilTheCompilersRestButNotForEver() {
        assertThat(warmUp.isOver(9, compiling(0))).isFalse();
        assertThat(warmUp.isOver(10, compiling(0.03))).isFalse();
        assertThat(warmUp.isOver(10, compiling(0.01))).isTrue();
        assertThat(warmUp.isOver(29, compiling(0.03))).isFalse();
        assertThat(warmUp.isOver(30, compiling(0.03))).isTrue();
    }

    @Test
    void noneIsNone() {
        assertThat(WarmUp.ofSeconds(0)).isEqualTo(new WarmUp(Duration.ZERO, Duration.ZERO, Duration.ZERO));
        assertThat(WarmUp.ofSeconds(5))
                .isEqualTo(new WarmUp(Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ofSeconds(65)));
    }
}
