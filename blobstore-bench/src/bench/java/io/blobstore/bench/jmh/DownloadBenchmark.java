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

/** What it takes to read an object in ranges: into mapped memory every page of which is there, and into a new file. */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 10)
@Measurement(iterations = 10)
@Fork(
        value = 1,
        jvmArgsAppend = {"-XX:+UseG1GC", "-Xmx1g", "-XX:MaxDirectMemorySize=1g", "-Djmh.shutdownTimeout=2"})
public class DownloadBenchmark {
    /** Who reads into memory. */
    @State(Scope.Benchmark)
    public static class Reads extends Transfers {
        @Param({
            "BLOBSTORE",
            "HAND_ROLLED",
            "JDK_HTTP_CLIENT",
            "NETTY_ASYNC",
            "CRT_ASYNC",
            "APACHE_SYNC",
            "URL_CONNECTION_SYNC",
            "CRT_TRANSFER_MANAGER",
            "NETTY_TRANSFER_MANAGER",
            "APACHE_SYNC_DEFAULT",
            "OPENDAL",
            "GCS_BLOBSTORE"
        })
        private String client;

        /** Starts server and client. */
        @Setup(Level.Trial)
        public void start(BenchmarkParams benchmark) throws Exception {
            start(benchmark, client, "READ");
        }

        /** Ends them. */
        @TearDown(Level.Trial)
        public void close() throws Exception {
            end();
        }
    }

    /** Who downloads. */
    @State(Scope.Benchmark)
    public static class Downloads extends Transfers {
        @Param({
            "BLOBSTORE",
            "HAND_ROLLED",
            "JDK_HTTP_CLIENT",
            "CRT_TRANSFER_MANAGER",
            "NETTY_TRANSFER_MANAGER",
            "CRT_TRANSFER_MANAGER_DEFAULT",
            "NETTY_TRANSFER_MANAGER_DEFAULT",
            "APACHE_SYNC_DEFAULT",
            "OPENDAL",
            "GCS_BLOBSTORE"
        })
        private String client;

        /** Starts server and client. */
        @Setup(Level.Trial)
        public void start(BenchmarkParams benchmark) throws Exception {
            start(benchmark, client, "DOWNLOAD");
        }

        /** Ends them. */
        @TearDown(Level.Trial)
        public void close() throws Exception {
            end();
        }
    }

    /** Reads all of it into memory. */
    @Benchmark
    public void intoMemory(Reads reads, BenchmarkParams benchmark) throws Exception {
        reads.move(benchmark, reads.client);
    }

    /** Reads all of it into a new file. */
    @Benchmark
    public void intoFile(Downloads downloads, BenchmarkParams benchmark) throws Exception {
        downloads.move(benchmark, downloads.client);
    }
}
