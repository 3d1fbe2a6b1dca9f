package io.blobstore.bench;

import io.blobstore.Crc32c;
import io.blobstore.RetainedSource;
import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedFile;
import io.blobstore.memory.MappedRegion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
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

/**
 * The cost of mapping a file of 8 MiB, of leases, and of the checksum of a part of that size. For several threads on
 * one mapping: {@code -t N}.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Benchmark)
public class MemoryBenchmark {
    private static final int PART = 8 << 20;

    private ByteBuffer direct;
    private ByteBuffer onHeap;
    private Crc32c first;
    private Crc32c second;
    private Path path;
    private MappedFile file;
    private MappedRegion region;

    /** Creates the content, and creates and maps the file. */
    @Setup(Level.Trial)
    public void open() throws IOException {
        byte[] bytes = new byte[PART];
        new Random(1).nextBytes(bytes);
        onHeap = ByteBuffer.wrap(bytes);
        direct = ByteBuffer.allocateDirect(PART).put(bytes).flip();
        first = Crc32c.of(direct);
        second = Crc32c.of(onHeap);
        path = Files.write(Files.createTempFile("blobstore-memory", ""), bytes);
        file = MappedFile.open(path);
        region = file.region();
    }

    /** Unmaps and deletes the file. */
    @TearDown(Level.Trial)
    public void close() throws IOException {
        file.close();
        Files.delete(path);
    }

    /** Acquires and closes a lease, which checks the file. */
    @Benchmark
    public Object acquireAndRelease() throws IOException {
        try (Lease lease = region.acquire()) {
            return lease.buffers();
        }
    }

    /** Retains and releases a source, once per transfer. */
    @Benchmark
    public Object retainAndRelease() {
        try (RetainedSource retained = region.retain()) {
            return retained;
        }
    }

    /** Visits the buffers, which checks the file before and after: twice per part, for the checksum and for sending. */
    @Benchmark
    public void visit(Blackhole hole) throws IOException {
        region.forEachBuffer(Integer.MAX_VALUE, hole::consume);
    }

    /** Maps and unmaps the file without touching a page. */
    @Benchmark
    public boolean openAndClose() throws IOException {
        MappedFile mapped = MappedFile.open(path);
        mapped.close();
        return mapped.isReleased();
    }

    /** Computes the checksum of 8 MiB of direct memory. */
    @Benchmark
    public Crc32c checksumOfDirectPart() {
        return Crc32c.of(direct);
    }

    /** Computes the checksum of 8 MiB on the heap. */
    @Benchmark
    public Crc32c checksumOfHeapPart() {
        return Crc32c.of(onHeap);
    }

    /** Computes the JDK's checksum of the same direct memory. */
    @Benchmark
    public long checksumOfDirectPartByTheJdk() {
        CRC32C checksum = new CRC32C();
        checksum.update(direct.duplicate());
        return checksum.getValue();
    }

    /** Combines the checksums of two parts. */
    @Benchmark
    public Crc32c combine() {
        return first.combine(second, PART);
    }
}
