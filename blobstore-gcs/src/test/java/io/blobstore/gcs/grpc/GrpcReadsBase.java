package io.blobstore.gcs.grpc;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.http.objects.ErrorResponse;
import io.blobstore.http.objects.ErrorTranslator;
import io.blobstore.http.objects.VirtualRetryClock;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** The base of tests of reads over gRPC from the fake. */
abstract class GrpcReadsBase {
    static final int MIB = 1 << 20;
    static final BlobKey KEY = BlobKey.of("blob");
    static final byte[] CONTENT = new byte[16 * MIB];

    static {
        new SplittableRandom(1).nextBytes(CONTENT);
    }

    final VirtualRetryClock clock = new VirtualRetryClock();
    FakeGrpcStorage fake;
    GrpcReads reads;

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
            return Optional.empty();
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
