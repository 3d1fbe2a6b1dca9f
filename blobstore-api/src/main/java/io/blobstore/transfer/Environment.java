package io.blobstore.transfer;

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
 */
record Environment(
        Executor executor, ByteBudget budget, RunningTransfers running, TransferClock clock, RandomGenerator random) {
    /** Creates the throttle of one transfer or reader. */
    RequestThrottle throttle(RetryPolicy retry, int concurrency) {
        return new RequestThrottle(retry, concurrency, clock, random);
    }
}
