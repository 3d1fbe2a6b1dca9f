package io.blobstore.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class StragglersTest {
    private final Stragglers stragglers = new Stragglers(Optional.of(new Hedging(0.9, 1)), System::nanoTime);

    /** Or a worker that is about to begin the last part would be left alone with it. */
    @Test
    void whoFindsNoPartLeftFindsTheLastOneUnderWay() throws Exception {
        Stragglers.Part done = stragglers.begin(() -> 1).orElseThrow();
        assertThat(stragglers.arrived(done)).isTrue();
        stragglers.end(done);
        FutureTask<Optional<Stragglers.Part>> idle = new FutureTask<>(() -> {
            assertThat(stragglers.begin(() -> 0)).isEmpty();
            return stragglers.awaitStraggler();
        });
        Thread worker = new Thread(idle, "idle-worker");

        Stragglers.Part last = stragglers
                .begin(() -> {
                    worker.start();
                    while (worker.getState() != Thread.State.WAITING && worker.isAlive()) {
                        Thread.onSpinWait(); // until it has found nothing, or waits for this
                    }
                    return 2;
                })
                .orElseThrow();

        assertThat(idle.get(20, TimeUnit.SECONDS)).containsSame(last);
        worker.join();
    }
}
