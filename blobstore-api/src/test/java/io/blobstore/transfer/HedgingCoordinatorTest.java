package io.blobstore.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class HedgingCoordinatorTest {
    private final HedgingCoordinator hedges = new HedgingCoordinator(
            Optional.of(Hedging.builder().percentile(0.9).minParts(1).build()), System::nanoTime);

    /** Otherwise, no worker would hedge the last part. */
    @Test
    void aWorkerThatFindsNoPartLeftFindsTheLastOneInFlight() throws Exception {
        HedgingCoordinator.Part done = hedges.begin(() -> 1).orElseThrow();
        assertThat(hedges.arrived(done)).isTrue();
        hedges.end(done);
        FutureTask<Optional<HedgingCoordinator.Part>> idle = new FutureTask<>(() -> {
            assertThat(hedges.begin(() -> 0)).isEmpty();
            return hedges.awaitOverdue();
        });
        Thread worker = new Thread(idle, "idle-worker");

        HedgingCoordinator.Part last = hedges.begin(() -> {
                    worker.start();
                    while (worker.getState() != Thread.State.WAITING && worker.isAlive()) {
                        Thread.onSpinWait(); // until it waits for this part or has ended
                    }
                    return 2;
                })
                .orElseThrow();

        assertThat(idle.get(20, TimeUnit.SECONDS)).containsSame(last);
        worker.join();
    }
}
