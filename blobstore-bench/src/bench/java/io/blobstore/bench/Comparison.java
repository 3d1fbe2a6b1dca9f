package io.blobstore.bench;

import io.blobstore.bench.Scenario.Direction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Clients that do the same, and are measured in turns.
 *
 * @param benchmark the class and method of JMH's that ask the same of one client
 * @param encrypted whether it is HTTPS, with the engine of OpenSSL where a client can choose
 * @param size bytes of the content, or of a small object
 * @param partSize bytes of a part
 * @param concurrency parts, or small objects, under way at once
 */
record Comparison(
        String benchmark,
        Direction direction,
        boolean encrypted,
        long size,
        int partSize,
        int concurrency,
        List<Competitor> competitors) {

    /**
     * How long all take.
     *
     * @param rounds that count
     * @param turn so many seconds a client works in each, about; where it moves the content several times in a turn, it
     *     does so once before, as its connections and its caches are not as they were after the last turn
     */
    record Pace(WarmUp warmUp, int rounds, double turn) {
        String describe() {
            return String.format(Locale.ROOT, "%srounds: %d, turns: %.1f s", warmUp.describe(), rounds, turn);
        }
    }

    /** Its question, and how many are asked. */
    String title() {
        return benchmark + ", " + transport() + ", " + competitors.size() + " clients";
    }

    /** What is the same for all of them. */
    String setting() {
        String what = direction.isOfSmallObjects()
                ? size + " bytes, "
                : (size >> 20) + " MiB, parts of " + (partSize >> 20) + " MiB, ";
        return what + concurrency + " at once";
    }

    /** Both, in one line. */
    String describe() {
        return title() + ": " + setting();
    }

    /** As JMH's parameter has it. */
    String transport() {
        return encrypted ? "HTTPS" : "HTTP";
    }

    /** Measures them, and adds what came out. */
    void run(Pace pace, ReportFiles results) throws IOException, InterruptedException {
        int files = 2 + (direction == Direction.DOWNLOAD ? competitors.size() : 1);
        Path parent = Workspace.parent(Optional.empty(), files * size);
        Scenario scenario = Scenario.of(direction, encrypted);
        try (BenchmarkEnvironment laboratory = new BenchmarkEnvironment(parent, size, Conditions.NONE);
                ClientGroup lineup = new ClientGroup(laboratory)) {
            for (Competitor competitor : competitors) {
                lineup.start(competitor, scenario, partSize, concurrency);
            }
            lineup.warmUp(pace.warmUp());
            for (int round = 0; round < pace.rounds(); round++) {
                lineup.each(client -> {
                    int times = client.timesIn(pace.turn());
                    if (times > 1) {
                        client.run(1);
                    }
                    client.measure(times);
                });
            }
            lineup.each(client -> laboratory.requireTraffic(client.job(), client.moved()));
            for (Client client : lineup.clients()) {
                results.add(this, client);
            }
            lineup.absent().forEach((competitor, reason) -> results.addFailure(this, competitor, reason));
        }
    }
}
