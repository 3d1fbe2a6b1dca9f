package io.blobstore.server.internal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Tests the least pace of clients, with a clock of its own. */
class PaceTest {
    private static final long SECOND = 1_000_000_000;

    @Test
    void aClientIsTooSlowIfItTransfersTooLittleInAWindow() {
        Pace pace = new Pace(10 * SECOND, 100);
        assertThat(pace.isTooSlow(5, 0)).isFalse();
        assertThat(pace.isTooSlow(10 * SECOND, 0)).isFalse(); // not a whole window
        assertThat(pace.isTooSlow(5 + 10 * SECOND, 1000)).isFalse();
        assertThat(pace.isTooSlow(5 + 20 * SECOND, 1999)).isTrue();
    }

    @Test
    void timeInWhichTheServerDoesNotWaitDoesNotCount() {
        Pace pace = new Pace(10 * SECOND, 100);
        assertThat(pace.isTooSlow(0, 0)).isFalse();
        pace.reset();
        assertThat(pace.isTooSlow(11 * SECOND, 0)).isFalse();
        assertThat(pace.isTooSlow(20 * SECOND, 0)).isFalse();
        assertThat(pace.isTooSlow(21 * SECOND, 0)).isTrue();
    }

    @Test
    void withoutALeastPaceOneByteIsEnough() {
        Pace pace = new Pace(10 * SECOND, 0);
        assertThat(pace.isTooSlow(0, 7)).isFalse();
        assertThat(pace.isTooSlow(10 * SECOND, 8)).isFalse();
        assertThat(pace.isTooSlow(20 * SECOND, 8)).isTrue();
    }
}
