package io.blobstore.bench;

import java.util.List;

/**
 * Clients that perform the same transfer.
 *
 * @param title the title of the table; comparisons with the same title share one
 * @param size bytes of the content, or of a small object
 * @param partSize bytes of a part
 * @param concurrency the number of concurrent parts or small objects
 */
record Comparison(
        String title,
        Operation operation,
        Transport transport,
        long size,
        int partSize,
        int concurrency,
        List<ClientType> clients,
        List<Threshold> thresholds) {
    /**
     * How long the clients work.
     *
     * @param rounds the number of counted rounds
     * @param repeats the number of transfers in a turn; 0 for as many as fit into {@code seconds}
     * @param seconds the duration of a turn. If it has several transfers, one uncounted transfer precedes them, as
     *     connections and caches have changed since the client's last turn.
     */
    record Pace(WarmUp warmUp, int rounds, int repeats, double seconds) {
        @Override
        public String toString() {
            return warmUp + ", " + rounds + " rounds of " + (repeats > 0 ? repeats + " transfers" : seconds + " s");
        }
    }

    String setting() {
        String what = operation.isOfSmallObjects()
                ? (size >> 10) + " KiB, "
                : (size >> 20) + " MiB, parts of " + (partSize >> 20) + " MiB, ";
        return what + concurrency + " concurrent";
    }
}
