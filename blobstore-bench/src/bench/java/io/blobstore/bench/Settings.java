package io.blobstore.bench;

import java.util.Set;

/**
 * What is the same for all scenarios.
 *
 * @param size bytes of the content
 * @param partSize bytes of a part, or of a range
 * @param concurrency parts under way at once
 * @param warmUp before the rounds
 * @param rounds the rounds that count
 * @param repeats how often each of these moves the content: CPU time is told in steps of 10 ms
 * @param only who takes part
 */
record Settings(
        long size, int partSize, int concurrency, WarmUp warmUp, int rounds, int repeats, Set<Competitor> only) {
    boolean isWanted(Competitor competitor) {
        return only.contains(competitor);
    }

    String describe() {
        return (size >> 20) + " MiB, parts of " + (partSize >> 20) + " MiB, " + concurrency + " at once";
    }
}
