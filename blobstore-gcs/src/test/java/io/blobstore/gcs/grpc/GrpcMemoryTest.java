package io.blobstore.gcs.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.blobstore.ByteRange;
import io.blobstore.contract.LeakCheck;
import io.grpc.netty.shaded.io.netty.buffer.PoolArenaMetric;
import io.grpc.netty.shaded.io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What reads over gRPC take of the heap, and of Netty's memory. */
@ExtendWith(LeakCheck.class)
class GrpcMemoryTest extends GrpcReadsBase {
    private static final int READS = 16;
    private static final PooledByteBufAllocator ALLOCATOR = allocator();

    private final ByteBuffer target = ByteBuffer.allocateDirect(CONTENT.length);

    @Test
    void contentDoesNotPassThroughTheHeap() throws IOException {
        long generation = fake.put("blob", CONTENT);
        read(reads, ByteRange.all(), Optional.of(generation), target); // loads classes
        long before = allocatedByTheClient();
        for (int i = 0; i < READS; i++) {
            read(reads, ByteRange.all(), Optional.of(generation), target.clear());
        }
        long bytes = allocatedByTheClient() - before;

        assertThat(bytes).as("80 MiB for each GiB").isLessThan(READS * (long) CONTENT.length * 80 / 1024);
    }

    /** Returns what this thread and gRPC's threads have allocated; those of the fake have other names. */
    private static long allocatedByTheClient() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread ->
                        thread == Thread.currentThread() || thread.getName().startsWith("grpc-"))
                .mapToLong(thread -> threads.getThreadAllocatedBytes(thread.getId()))
                .sum();
    }

    @Test
    void readsThatFailLeaveNoneOfNettysMemoryBehind() throws Exception {
        long generation = fake.put("blob", CONTENT);
        try (GrpcReads others = GrpcReads.create(settings(4, Duration.ofSeconds(30)))) {
            read(others, ByteRange.all(), Optional.of(generation), target.clear());
        }
        long before = inUse();
        for (int i = 0; i < 15; i++) {
            fake.faults.nextRange(new ReadFault.WrongCrc(2));
            fake.faults.nextRange(new ReadFault.Extra(32L * MIB));
            read(reads, ByteRange.all(), Optional.of(generation), target.clear());
        }
        reads.close();
        fake.close();
        // Messages have 2 MiB: if each failure lost one, 60 MiB would be missing.
        long limit = before + 8 * MIB; // event loops keep some, and are still closing connections
        await(() -> inUse() <= limit);
    }

    /** Returns the bytes of all buffers of gRPC's allocator that are in use, those of the fake included. */
    private static long inUse() {
        return ALLOCATOR.metric().directArenas().stream()
                .mapToLong(PoolArenaMetric::numActiveBytes)
                .sum();
    }

    /** Returns gRPC's own allocator, which is not public. */
    private static PooledByteBufAllocator allocator() {
        try {
            Method allocator = Class.forName("io.grpc.netty.shaded.io.grpc.netty.Utils")
                    .getDeclaredMethod("getByteBufAllocator", boolean.class);
            allocator.setAccessible(true);
            return (PooledByteBufAllocator) allocator.invoke(null, false);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }
}
