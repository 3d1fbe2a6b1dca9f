package io.blobstore.gcs.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Operation;
import io.blobstore.ReadResult;
import io.blobstore.http.objects.ErrorResponse;
import io.blobstore.http.objects.ErrorTranslator;
import io.blobstore.http.objects.VirtualRetryClock;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** The base of tests of reads over gRPC from the fake. */
abstract class GrpcReadsBase {
    static final int MIB = 1 << 20;
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

    final GrpcReadSettings settings(int connections, Duration stallTimeout) {
        return new GrpcReadSettings(
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
                new Errors());
    }

    static ReadResult read(GrpcReads reads, ByteRange range, Optional<Long> generation, ByteBuffer target)
            throws IOException {
        return reads.read(KEY, "blob", range, generation, BlobTarget.Window.of(target));
    }

    /** Waits until a condition holds; fails after a minute. */
    static void await(BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; !condition.getAsBoolean(); i++) {
            assertThat(i).as("waited a minute").isLessThan(60_000 / 5);
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    /** Translates statuses of HTTP only. */
    private static final class Errors extends ErrorTranslator {
        private Errors() {
            super(FakeGrpcStorage.BUCKET, "the fake", "check it", Set.of());
        }

        @Override
        protected boolean isTranslatable(RuntimeException problem) {
            return false;
        }

        @Override
        protected Optional<ErrorResponse> sdkResponse(Throwable problem) {
            return Optional.empty();
        }

        @Override
        protected BlobStoreException translateOther(Operation operation, @Nullable BlobKey key, Exception problem) {
            return new BlobStoreException(operation, key, message(problem), problem, false);
        }

        @Override
        protected Optional<BlobStoreException> translateCode(Failure failure) {
            return Optional.empty();
        }

        @Override
        protected Optional<BlobStoreException> translateStatus(Failure failure) {
            return failure.response().status() == 404
                    ? Optional.of(new BlobNotFoundException(failure.operation(), KEY, failure.cause()))
                    : Optional.empty();
        }

        @Override
        protected boolean isCorruption(ErrorResponse response) {
            return false;
        }

        @Override
        protected String permissionRemedy() {
            return "nothing";
        }
    }
}
