package io.blobstore.bench.jmh;

import io.blobstore.bench.Trial;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * Uploads and downloads between a mapped file and a store over HTTP; the server is started with each fork, in a process
 * of its own. {@code -p client=} takes the other clients of {@code ./benchmark}, too.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 4, time = 10) // code that runs once per part is compiled after thousands of parts
@Measurement(iterations = 4, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-XX:+UseG1GC", "-Xmx1g", "-XX:MaxDirectMemorySize=1g", "-Djmh.shutdownTimeout=2"})
@State(Scope.Benchmark)
public class TransferBenchmark {
    @Param({"BLOBSTORE", "GCS_BLOBSTORE"})
    private String client;

    @Param({"HTTP", "HTTPS"})
    private String transport;

    @Param("1024")
    private int mib;

    @Param("8")
    private int partMib;

    @Param("4")
    private int concurrency;

    private Trial trial;

    /** Starts server and client. */
    @Setup(Level.Trial)
    public void start(BenchmarkParams params) throws Exception {
        boolean upload = params.getBenchmark().endsWith(".upload");
        trial = Trial.start(client, upload, transport, (long) mib << 20, partMib << 20, concurrency);
    }

    /** Stops server and client. */
    @TearDown(Level.Trial)
    public void close() throws Exception {
        if (trial != null) {
            trial.close();
        }
    }

    /** Uploads a mapped file in parts. */
    @Benchmark
    public void upload() throws Exception {
        trial.round();
    }

    /** Reads an object in ranges into mapped memory. */
    @Benchmark
    public void download() throws Exception {
        trial.round();
    }
}
