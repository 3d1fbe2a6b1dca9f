package io.blobstore.gcs.grpc;

import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.http.objects.ErrorResponse;
import io.blobstore.http.objects.ErrorTranslator;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** Translates the errors of a {@link FakeGrpcStorage}, which are statuses of HTTP by then. */
final class FakeErrors extends ErrorTranslator {
    FakeErrors() {
        super(FakeGrpcStorage.BUCKET, "the fake", "check it", Set.of());
    }

    @Override
    protected Optional<BlobStoreException> translateStatus(Failure failure) {
        return failure.response().status() == 404
                ? Optional.of(new BlobNotFoundException(
                        failure.operation(), Objects.requireNonNull(failure.key()), failure.cause()))
                : Optional.empty();
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
