package io.blobstore.contract;

import io.blobstore.Operation;
import io.blobstore.contract.FaultyBlobStore.Fault;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Which requests of a {@link FaultyBlobStore} get which fault. Immutable.
 *
 * @param chances the probabilities of random faults, in the order in which they are drawn
 * @param byChance the operations that have random faults
 * @param byNumber the faults of requests, counted from 1 over all operations
 * @param byOperation the faults of requests, counted from 1 for each operation
 * @param retryAfter the delay that a throttled request demands
 */
record FaultPlan(
        long seed,
        EnumMap<Fault, Double> chances,
        Set<Operation> byChance,
        Map<Long, Fault> byNumber,
        Map<Nth, Fault> byOperation,
        Duration retryAfter) {
    /** The nth request of a kind, from 1. */
    record Nth(Operation operation, int number) {}

    /** Returns the source of the details of a request's fault. */
    SplittableRandom random(String what, int attempt) {
        return new SplittableRandom(seed * 0x9E3779B97F4A7C15L + (what + "|" + attempt).hashCode());
    }

    /** Returns the fault of a request. */
    @Nullable Fault fault(Operation operation, long number, int nth, SplittableRandom random) {
        Fault chosen = byNumber.getOrDefault(number, byOperation.get(new Nth(operation, nth)));
        if (chosen != null && chosen.concerns(operation)) {
            return chosen;
        }
        for (Map.Entry<Fault, Double> chance : chances.entrySet()) {
            boolean hit = random.nextDouble()
                    < chance.getValue(); // always drawn, so that one chance does not affect the others
            if (hit && chance.getKey().concerns(operation) && byChance.contains(operation)) {
                return chance.getKey();
            }
        }
        return null;
    }
}
