package io.blobstore.bench.jmh;

import io.blobstore.memory.MappedFile;
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

/** What it costs to map a file and unmap it again, none of its pages touched. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Benchmark)
public class MappingBenchmark {
    private static final int SIZE = 8 << 20;

    private Path path;

    /** Makes the file. */
    @Setup(Level.Trial)
    public void create() throws IOException {
        path = Files.write(Files.createTempFile("blobstore-mapping", ""), new byte[SIZE]);
    }

    /** Deletes it. */
    @TearDown(Level.Trial)
    public void delete() throws IOException {
        Files.delete(path);
    }

    /** Maps and unmaps, for reading. */
    @Benchmark
    public boolean openAndClose() throws IOException {
        MappedFile file = MappedFile.open(path);
        file.close();
        return file.isReleased();
    }
}
