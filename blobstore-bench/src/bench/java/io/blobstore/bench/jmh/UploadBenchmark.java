package io.blobstore.bench.jmh;

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

/** What it takes to upload a mapped file in parts. */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 10)
@Measurement(iterations = 10)
@Fork(
        value = 1,
        jvmArgsAppend = {"-XX:+UseG1GC", "-Xmx1g", "-XX:MaxDirectMemorySize=1g", "-Djmh.shutdownTimeout=2"})
public class UploadBenchmark {
    /** Who uploads. */
    @State(Scope.Benchmark)
    public static class Uploads extends Transfers {
        @Param({
            "BLOBSTORE",
            "HAND_ROLLED",
            "SENDFILE",
            "JDK_HTTP_CLIENT",
            "NETTY_ASYNC",
            "CRT_TRANSFER_MANAGER",
            "NETTY_TRANSFER_MANAGER",
            "CRT_TRANSFER_MANAGER_DEFAULT",
            "NETTY_TRANSFER_MANAGER_DEFAULT",
            "APACHE_SYNC",
            "URL_CONNECTION_SYNC",
            "APACHE_SYNC_DEFAULT",
            "OPENDAL",
            "OPENDAL_WHOLE",
            "GCS_BLOBSTORE",
            "GCS_MULTIPART_CLIENT",
            "GCS_TRANSFER_MANAGER",
            "GCS_TRANSFER_MANAGER_DEFAULT",
            "GCS_WRITE_SESSION"
        })
        private String client;

        /** Starts server and client. */
        @Setup(Level.Trial)
        public void start(BenchmarkParams benchmark) throws Exception {
            start(benchmark, client, "UPLOAD");
        }

        final void move(BenchmarkParams benchmark) throws Exception {
            move(benchmark, client);
        }

        /** Ends them. */
        @TearDown(Level.Trial)
        public void close() throws Exception {
            end();
        }
    }

    /** Uploads all of it. */
    @Benchmark
    public void upload(Uploads uploads, BenchmarkParams benchmark) throws Exception {
        uploads.move(benchmark);
    }
}
