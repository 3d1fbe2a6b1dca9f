package io.blobstore.bench;

import java.util.Optional;
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

    private BenchmarkEnvironment environment;
    private TransferSpec spec;
    private BenchmarkClient opened;
    private int rounds;

    /** Starts the server, and the client in this JVM, which trusts the server from then on. */
    @Setup(Level.Trial)
    public void start(BenchmarkParams params) throws Exception {
        long size = (long) mib << 20;
        environment = new BenchmarkEnvironment(Workspace.parent(Optional.empty(), 3 * size), size, Conditions.NONE);
        try {
            ClientType type = ClientType.valueOf(client);
            Operation operation = params.getBenchmark().endsWith(".upload") ? Operation.UPLOAD : Operation.READ;
            spec = environment.spec(type, operation, Transport.valueOf(transport), partMib << 20, concurrency);
            environment.clientProperties(spec).forEach(System::setProperty);
            opened = type.open(spec);
        } catch (Throwable e) {
            environment.close();
            throw e;
        }
    }

    /** Stops both; fails if the server counted less than the rounds transferred. */
    @TearDown(Level.Trial)
    public void close() throws Exception {
        try (BenchmarkEnvironment server = environment;
                BenchmarkClient closed = opened) {
            server.requireTraffic(spec, rounds);
        }
    }

    /** Uploads a mapped file in parts. */
    @Benchmark
    public void upload() throws Exception {
        opened.round();
        rounds++;
    }

    /** Reads an object in ranges into mapped memory. */
    @Benchmark
    public void download() throws Exception {
        opened.round();
        rounds++;
    }
}
