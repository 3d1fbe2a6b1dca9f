package io.blobstore.gcs.grpc;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.http.objects.ErrorResponse;
import io.blobstore.http.objects.ErrorTranslator;
import io.blobstore.http.objects.RetryClock;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Writes of the bucket of a {@link FakeGrpcStorage}, over a connection of their own. */
final class TestWrites implements AutoCloseable {
    static final int ATTEMPTS = 5;

    final GrpcWrites all;

    TestWrites(URI endpoint, Duration stallTimeout) throws IOException {
        all = GrpcWrites.create(new GrpcReadSettings(
                FakeGrpcStorage.BUCKET,
                endpoint,
                false,
                Optional.empty(),
                List.of(),
                1,
                1,
                stallTimeout,
                ATTEMPTS,
                RetryClock.SYSTEM,
                new Errors()));
    }

    @Override
    public void close() {
        all.close();
    }

    private static final class Errors extends ErrorTranslator {
        private Errors() {
            super(FakeGrpcStorage.BUCKET, "the fake", "none", Set.of());
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
            return response.message().contains("doesn't match calculated CRC32C");
        }

        @Override
        protected String permissionRemedy() {
            return "nothing";
        }
    }
}
