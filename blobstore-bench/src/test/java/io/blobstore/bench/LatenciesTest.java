package io.blobstore.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LatenciesTest {
    private final Latencies latencies = new Latencies();

    @Test
    void aTimeIsKnownToAHundredth() {
        Random random = new Random(7);
        for (int bits = 0; bits < Long.SIZE - 1; bits++) {
            long nanos = (1L << bits) + (random.nextLong() & ((1L << bits) - 1));
            latencies.clear();
            latencies.add(nanos);
            long known = latencies.counts().firstKey();
            assertThat(known).isLessThanOrEqualTo(nanos);
            assertThat(nanos - known).isLessThanOrEqualTo(nanos / 100);
        }
    }

    @Test
    void shortTimesAreKnownAsTheyAreAndTheGreatestHasItsPlace() {
        for (long nanos : List.of(0L, 1L, 127L, 128L, 255L)) {
            latencies.add(nanos);
        }
        latencies.add(Long.MAX_VALUE);
        assertThat(latencies.counts().keySet()).containsExactly(0L, 1L, 127L, 128L, 255L, 255L << 55);
    }

    @Test
    void whatIsSaidIsUnderstood() {
        latencies.add(100);
        latencies.add(100);
        latencies.add(5_000_000);
        Latencies understood = Latencies.parse(List.of(latencies.toString().split(" ")));
        assertThat(understood.counts()).isEqualTo(latencies.counts());
        understood.addAll(latencies);
        assertThat(understood.counts()).containsAllEntriesOf(Map.of(100L, 4L)).hasSize(2);
    }

    @Test
    void nothingIsSaidOfNothing() {
        assertThat(latencies).hasToString("");
        assertThat(Latencies.parse(List.of()).counts()).isEmpty();
    }
}
