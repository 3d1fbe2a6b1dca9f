package io.blobstore.transfer;

import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;

/**
 * What the transfers of one engine share.
 *
 * @param executor runs the workers
 * @param budget bounds the bytes in flight
 * @param clock is what they wait by
 * @param random draws the jitter of their delays
 */
record Environment(Executor executor, ByteBudget budget, TransferClock clock, RandomGenerator random) {}
