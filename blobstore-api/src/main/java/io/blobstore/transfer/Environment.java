package io.blobstore.transfer;

import io.blobstore.spi.TransferEvents;
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
 */
record Environment(
        Executor executor,
        ByteBudget budget,
        RunningTransfers running,
        TransferClock clock,
        RandomGenerator random,
        TransferEvents events) {
    /** Creates the throttle of one transfer or reader. */
    RequestThrottle throttle(RetryPolicy retry, int concurrency) {
        return new RequestThrottle(retry, concurrency, clock, random);
    }
}
