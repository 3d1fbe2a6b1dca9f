package io.blobstore.bench;

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

/** The cost of mapping a file and of leases. For several threads on one mapping: {@code -t N}. */
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

        /** Creates and maps the file. */
        @Setup(Level.Trial)
        public void open() throws IOException {
            path = Files.write(Files.createTempFile("blobstore-lease", ""), new byte[SIZE]);
            file = MappedFile.open(path);
            region = file.region();
        }

        /** Unmaps and deletes the file. */
        @TearDown(Level.Trial)
        public void close() throws IOException {
            file.close();
            Files.delete(path);
        }
    }

    /** Acquires and closes a lease, which checks the file. */
    @Benchmark
    public Object acquireAndRelease(Mapped mapped) throws IOException {
        try (Lease lease = mapped.region.acquire()) {
            return lease.buffers();
        }
    }

    /** Retains and releases a source, once per transfer. */
    @Benchmark
    public Object retainAndRelease(Mapped mapped) {
        try (RetainedSource retained = mapped.region.retain()) {
            return retained;
        }
    }

    /** Visits the buffers, which checks the file before and after: twice per part, for the checksum and for sending. */
    @Benchmark
    public void visit(Mapped mapped, Blackhole hole) throws IOException {
        mapped.region.forEachBuffer(Integer.MAX_VALUE, hole::consume);
    }

    /** Maps and unmaps the file without touching a page. */
    @Benchmark
    public boolean openAndClose(Mapped mapped) throws IOException {
        MappedFile file = MappedFile.open(mapped.path);
        file.close();
        return file.isReleased();
    }
}
