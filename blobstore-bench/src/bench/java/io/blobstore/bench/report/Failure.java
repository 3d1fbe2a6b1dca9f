package io.blobstore.bench.report;

/**
 * A client that could not run.
 *
 * @param benchmark class and method, or the class alone for all of its methods
 * @param transport empty where the benchmark has none
 */
record Failure(String benchmark, String client, String transport, String reason) {
    boolean isOf(String otherBenchmark) {
        return otherBenchmark.equals(benchmark) || otherBenchmark.startsWith(benchmark + ".");
    }

    /** Whether its row belongs into the table of a group. */
    boolean isOf(Group group) {
        return isOf(group.benchmark()) && transport.equals(group.transport()) && Store.of(client) == group.store();
    }
}
