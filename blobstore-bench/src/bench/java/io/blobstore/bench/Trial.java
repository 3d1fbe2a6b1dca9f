package io.blobstore.bench;

import io.blobstore.bench.Scenario.Direction;
import java.nio.file.Path;
import java.util.Optional;

/** A contestant in this JVM, and its server in another: for who measures by other means than {@link Client}. */
public final class Trial implements AutoCloseable {
    private final BenchmarkEnvironment laboratory;
    private final TransferSpec job;
    private final BenchmarkClient contestant;
    private int rounds;

    private Trial(BenchmarkEnvironment laboratory, TransferSpec job, BenchmarkClient contestant) {
        this.laboratory = laboratory;
        this.job = job;
        this.contestant = contestant;
    }

    /** What is moved, and how. */
    public record Setting(long size, int partSize, int concurrency) {}

    /**
     * Starts the server, and the contestant.
     *
     * @param client the name of a {@link Competitor}
     * @param direction the name of a {@link Scenario.Direction}
     * @param encrypted whether it is HTTPS; then this JVM trusts the server from now on, unless it trusted somebody
     *     before
     */
    public static Trial start(String client, String direction, boolean encrypted, Setting setting) throws Exception {
        Scenario scenario = Scenario.of(Direction.valueOf(direction), encrypted);
        Path parent = Workspace.parent(Optional.empty(), 3 * setting.size());
        BenchmarkEnvironment laboratory = new BenchmarkEnvironment(parent, setting.size(), Conditions.NONE);
        try {
            Competitor competitor = Competitor.valueOf(client);
            TransferSpec job = laboratory.job(competitor, scenario, setting.partSize(), setting.concurrency());
            laboratory.clientProperties(job).forEach(System::setProperty);
            return new Trial(laboratory, job, competitor.open(job));
        } catch (Throwable e) {
            laboratory.close();
            throw e;
        }
    }

    /** Moves the whole content once. */
    public void round() throws Exception {
        contestant.round();
        rounds++;
    }

    /** Ends both, and fails if less has passed than the rounds moved. */
    @Override
    public void close() throws Exception {
        try (laboratory;
                contestant) {
            laboratory.requireTraffic(job, rounds);
        }
    }
}
