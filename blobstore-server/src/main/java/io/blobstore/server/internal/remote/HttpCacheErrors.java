package io.blobstore.server.internal.remote;

import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.ThrottledException;
import io.blobstore.http.objects.ErrorResponse;
import io.blobstore.http.objects.ErrorTranslator;
import java.util.Optional;
import java.util.Set;

/** Translates the failures of requests to an HTTP cache, which has statuses but no codes. Thread-safe. */
final class HttpCacheErrors extends ErrorTranslator {
    private final String cache;

    HttpCacheErrors(String cache) {
        super(cache, cache, "check the URL of the HTTP cache", Set.of());
        this.cache = cache;
    }

    @Override
    protected Optional<BlobStoreException> translateStatus(Failure failure) {
        ErrorResponse response = failure.response();
        BlobKey key = failure.key();
        if (response.status() == 404 && key != null && failure.operation() != Operation.STORE) {
            return Optional.of(new BlobNotFoundException(failure.operation(), key, failure.cause()));
        }
        return switch (response.status()) {
            case 401 ->
                Optional.of(failure.permissionDenied(
                        cache + " does not accept the user and password, or requires them; check the file of"
                                + " credentials"));
            case 403 -> Optional.of(failure.permissionDenied(cache + " does not permit this; check the user's rights"));
            case 507 ->
                Optional.of(new ThrottledException(
                        failure.operation(),
                        key,
                        failure.describe(cache + " has no room now"),
                        response.retryAfter().orElse(null),
                        failure.cause()));
            default -> Optional.empty();
        };
    }

    /** Returns whether the cache found that content has another hash or size: 422 is what this server responds. */
    @Override
    protected boolean isCorruption(ErrorResponse response) {
        return response.status() == 422;
    }

    @Override
    protected String permissionRemedy() {
        return "the credentials";
    }
}
