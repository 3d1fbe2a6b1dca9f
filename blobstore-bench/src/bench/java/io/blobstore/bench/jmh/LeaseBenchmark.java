package io.blobstore.bench.jmh;

import io.blobstore.RetainedSource;
import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedFile;
import io.blobstore.memory.MappedRegion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** What it costs to be sure that memory is there while it is read. For several threads on one mapping: {@code -t N}. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class LeaseBenchmark {
    private static final int SIZE = 8 << 20;

    /** A mapped file. */
    @State(Scope.Benchmark)
    public static class Mapped {
        private Path path;
        private MappedFile file;
        private MappedRegion region;

        /** Maps it. */
        @Setup(Level.Trial)
        public void open() throws IOException {
            path = Files.write(Files.createTempFile("blobstore-lease", ""), new byte[SIZE]);
            file = MappedFile.open(path);
            region = file.region();
        }

        /** Unmaps and deletes it. */
        @TearDown(Level.Trial)
        public void close() throws IOException {
            file.close();
            Files.delete(path);
        }
    }

    /** A lease that somebody keeps, with a ticket and a look at the file. */
    @Benchmark
    public Object acquireAndRelease(Mapped mapped) throws IOException {
        try (Lease lease = mapped.region.acquire()) {
            return lease.buffers();
        }
    }

    /** What a transfer does in the beginning and in the end. */
    @Benchmark
    public Object retainAndRelease(Mapped mapped) {
        try (RetainedSource retained = mapped.region.retain()) {
            return retained;
        }
    }

    /** A visit, which looks at the file before and after: what a part takes for its checksum, and again on its way. */
    @Benchmark
    public void visit(Mapped mapped, Blackhole hole) throws IOException {
        mapped.region.forEachBuffer(Integer.MAX_VALUE, hole::consume);
    }
}
