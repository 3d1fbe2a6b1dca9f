package io.blobstore.gcs.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ReadResult;
import io.blobstore.http.objects.VirtualRetryClock;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** The base of tests of reads over gRPC from the fake. */
abstract class GrpcReadsBase {
    static final int MIB = 1 << 20;
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    static final BlobKey KEY = BlobKey.of("blob");
    static final byte[] CONTENT = new byte[16 * MIB];

    static {
        new SplittableRandom(1).nextBytes(CONTENT);
    }

    /**
     * Keeps gRPC's event loops, which all channels of the JVM share, and whose descriptors would count as leaked if
     * they were created by one test and ended during another.
     */
    private static final ManagedChannel KEEPS_EVENT_LOOPS = keepEventLoops();

    final VirtualRetryClock clock = new VirtualRetryClock();
    FakeGrpcStorage fake;
    GrpcReads reads;

    private static ManagedChannel keepEventLoops() {
        ManagedChannel channel =
                ManagedChannelBuilder.forAddress("127.0.0.1", 9).usePlaintext().build();
        channel.getState(true);
        return channel;
    }

    @BeforeAll
    static void requireEventLoops() {
        assertThat(KEEPS_EVENT_LOOPS.isShutdown()).isFalse();
    }

    @BeforeEach
    void start() throws IOException {
        fake = FakeGrpcStorage.start();
        reads = GrpcReads.create(settings(4, Duration.ofSeconds(30)));
    }

    @AfterEach
    void stop() {
        reads.close();
        fake.close();
    }

    final GrpcSettings settings(int connections, Duration stallTimeout) {
        return new GrpcSettings(
                FakeGrpcStorage.BUCKET,
                fake.endpoint(),
                false,
                Optional.empty(),
                List.of(),
                connections,
                256,
                stallTimeout,
                5,
                clock,
                new FakeErrors());
    }

    static ReadResult read(GrpcReads reads, ByteRange range, Optional<Long> generation, ByteBuffer target)
            throws IOException {
        return reads.read(KEY, "blob", range, generation, BlobTarget.Window.of(target));
    }

    /** Waits until a condition holds; fails after a minute. */
    static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - deadline)
                    .as("nanoseconds past a minute")
                    .isNegative();
            Thread.onSpinWait();
        }
    }
}
