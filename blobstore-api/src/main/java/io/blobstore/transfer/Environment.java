package io.blobstore.transfer;

import io.blobstore.spi.TransferEvents;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;

/**
 * What the transfers of one {@link TransferManager} share.
 *
 * @param executor runs the workers
 * @param budget bounds the bytes in flight
 * @param running the transfers that have not ended
 * @param clock the clock that retries wait by
 * @param random the source of the retries' jitter
 * @param events reports the transfers that callers start to the manager's observer
 * @param shared the throttle of the transfer whose steps run here; empty if each transfer has its own
 */
record Environment(
        Executor executor,
        ByteBudget budget,
        RunningTransfers running,
        TransferClock clock,
        RandomGenerator random,
        TransferEvents events,
        Optional<RequestThrottle> shared) {
    /** Returns an environment whose transfers are throttled together. */
    Environment withThrottle(RequestThrottle throttle) {
        return new Environment(executor, budget, running, clock, random, events, Optional.of(throttle));
    }

    /** Returns the throttle of one transfer or reader. */
    RequestThrottle throttle(RetryPolicy retry, int concurrency) {
        return shared.orElseGet(() -> new RequestThrottle(retry, concurrency, clock, random));
    }
}
