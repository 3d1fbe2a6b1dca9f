package io.blobstore.gcs;

import com.google.auth.Retryable;
import com.google.cloud.storage.StorageException;
import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.PermissionDeniedException;
import io.blobstore.http.Causes;
import io.blobstore.http.objects.ErrorResponse;
import io.blobstore.http.objects.ErrorTranslator;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Translates the failures of requests to Cloud Storage: its error codes, and the exceptions of Google's libraries. */
final class GcsErrors extends ErrorTranslator {
    private static final Set<String> THROTTLING = Set.of("SlowDown", "rateLimitExceeded", "userRateLimitExceeded");
    private static final String LOGIN =
            "run 'gcloud auth application-default login', or set GOOGLE_APPLICATION_CREDENTIALS";

    private final boolean hasCustomerKey;

    GcsErrors(GcsSettings settings, String endpoint) {
        super(settings.bucket(), endpoint, "check the endpoint", THROTTLING);
        hasCustomerKey = settings.customerKey().isPresent();
    }

    // ---- the exceptions of Google's libraries

    @Override
    protected boolean isTranslatable(RuntimeException problem) {
        return problem instanceof StorageException
                || (problem instanceof IllegalStateException && isFromAuthLibrary(problem));
    }

    @Override
    protected Optional<ErrorResponse> sdkResponse(Throwable problem) {
        return Causes.find(problem, StorageException.class)
                .filter(storage -> storage.getCode() > 0)
                .map(GcsErrorResponse::of);
    }

    @Override
    protected BlobStoreException translateOther(Operation operation, @Nullable BlobKey key, Exception problem) {
        Optional<Retryable> credentials = Causes.find(problem, Retryable.class);
        if (credentials.isPresent() || isFromAuthLibrary(problem)) {
            String message =
                    message((Throwable) credentials.map(Object.class::cast).orElse(problem));
            return credentials.filter(Retryable::isRetryable).isPresent()
                    ? new BlobStoreException(
                            operation, key, "no access token could be obtained: " + message, problem, true)
                    : new PermissionDeniedException(
                            operation,
                            key,
                            "the Google credentials provide no valid access token (" + message + "); " + LOGIN
                                    + " to a valid key file",
                            problem);
        }
        boolean retryable = problem instanceof StorageException storage && storage.isRetryable();
        return new BlobStoreException(operation, key, message(problem), problem, retryable);
    }

    /**
     * Returns whether Google's authentication library threw an exception. It reports a token that cannot be renewed as
     * an IllegalStateException.
     */
    private static boolean isFromAuthLibrary(Exception problem) {
        StackTraceElement[] stack = Causes.find(problem, IllegalStateException.class)
                .map(Throwable::getStackTrace)
                .orElse(new StackTraceElement[0]);
        return stack.length > 0 && stack[0].getClassName().startsWith("com.google.auth.");
    }

    /** Returns whether a request failed because its multipart upload no longer exists. */
    boolean isUploadGone(BlobStoreException problem) {
        return response(problem)
                .filter(response ->
                        response.is("NoSuchUpload") || (response.status() == 404 && !response.is("NoSuchBucket")))
                .isPresent();
    }

    // ---- error responses

    @Override
    protected Optional<BlobStoreException> translateCode(Failure failure) {
        ErrorResponse response = failure.response();
        if (response.status() == 404 && response.message().contains("bucket does not exist")) {
            return Optional.of(failure.storeNotFound(noBucket()));
        }
        return switch (response.code().toLowerCase(Locale.ROOT)) { // the two APIs differ in the first letter
            case "resourceisencryptedwithcustomerencryptionkey",
                    "customerencryptionkeyisincorrect",
                    "customerencryptionkeyrequired" ->
                Optional.of(failure.permissionDenied(
                        hasCustomerKey
                                ? "the blob is encrypted with another customer key than the store's"
                                : "the blob is encrypted with a customer key; set GcsBlobStore.Builder.encryption to"
                                        + " that key"));
            case "resourcenotencryptedwithcustomerencryptionkey" ->
                Optional.of(failure.permissionDenied("the blob is not encrypted with the store's customer key"));
            case "retentionpolicynotmet", "objectunderactivehold" ->
                Optional.of(failure.other("the blob is under a retention policy or a hold", false));
            default -> Optional.empty();
        };
    }

    @Override
    protected Optional<BlobStoreException> translateStatus(Failure failure) {
        BlobKey key = failure.key();
        return switch (failure.response().status()) {
            case 401 -> Optional.of(failure.permissionDenied("the server does not accept the credentials; " + LOGIN));
            case 404 ->
                Optional.of(
                        key == null
                                ? failure.storeNotFound(noBucket())
                                : new BlobNotFoundException(failure.operation(), key, failure.cause()));
            default -> Optional.empty();
        };
    }

    @Override
    protected boolean isCorruption(ErrorResponse response) {
        return response.is("BadDigest", "XGoogContentSHA256Mismatch")
                || (response.status() == 400 && response.message().contains("doesn't match calculated CRC32C"));
    }

    @Override
    protected String permissionRemedy() {
        return "the account and its roles";
    }
}
