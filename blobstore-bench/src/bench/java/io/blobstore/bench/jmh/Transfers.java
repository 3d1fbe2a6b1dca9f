package io.blobstore.bench.jmh;

import io.blobstore.bench.Trial;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * What the benchmarks of transfers have in common: who moves what. The server is started with each fork, in a process
 * of its own.
 */
@State(Scope.Benchmark)
public abstract class Transfers {
    /** The parameter that each kind has with values of its own. */
    private static final String CLIENT = "client";

    @Param({"HTTP", "HTTPS"})
    private String transport;

    @Param("1024")
    private int mib;

    @Param("8")
    private int partMib;

    @Param("4")
    private int concurrency;

    private Trial trial;

    private final String direction;

    /**
     * Makes it.
     *
     * @param direction its name, as {@link Trial#start} wants it
     */
    Transfers(String direction) {
        this.direction = direction;
    }

    /** Starts server and client. */
    @Setup(Level.Trial)
    public void start(BenchmarkParams benchmark) throws Exception {
        Trial.Setting setting = new Trial.Setting((long) mib << 20, partMib << 20, concurrency);
        trial = Trial.start(benchmark.getParam(CLIENT), direction, transport.equals("HTTPS"), setting);
    }

    /** Moves all of it once. */
    final void move() throws Exception {
        trial.round();
    }

    /** For the profiler. */
    @TearDown(Level.Iteration)
    public void stopCounting() {
        ClientProfiler.stop();
    }

    /** Ends them. */
    @TearDown(Level.Trial)
    public void end() throws Exception {
        if (trial != null) {
            trial.close();
        }
    }
}
