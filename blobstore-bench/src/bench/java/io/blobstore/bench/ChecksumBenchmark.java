package io.blobstore.bench;

import io.blobstore.Crc32c;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The cost of a part's checksum, and of combining two. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Benchmark)
public class ChecksumBenchmark {
    private static final int PART = 8 << 20;

    private final ByteBuffer part = random(ByteBuffer.allocateDirect(PART));
    private final ByteBuffer onHeap = random(ByteBuffer.allocate(PART));
    private final Crc32c first = Crc32c.of(part);
    private final Crc32c second = Crc32c.of(onHeap);

    private static ByteBuffer random(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        new Random(1).nextBytes(bytes);
        return buffer.put(bytes).flip();
    }

    /** Computes the checksum of 8 MiB of direct memory. */
    @Benchmark
    public Crc32c ofDirectPart() {
        return Crc32c.of(part);
    }

    /** Computes the checksum of 8 MiB on the heap. */
    @Benchmark
    public Crc32c ofHeapPart() {
        return Crc32c.of(onHeap);
    }

    /** Computes the JDK's checksum of the same direct memory. */
    @Benchmark
    public long ofDirectPartByTheJdk() {
        CRC32C checksum = new CRC32C();
        checksum.update(part.duplicate());
        return checksum.getValue();
    }

    /** Combines the checksums of two parts. */
    @Benchmark
    public Crc32c combine() {
        return first.combine(second, PART);
    }
}
