package io.blobstore.gcs;

import com.google.api.client.http.HttpResponseException;
import com.google.auth.Retryable;
import com.google.cloud.storage.StorageException;
import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.PermissionDeniedException;
import io.blobstore.http.Causes;
import io.blobstore.http.ResponseText;
import io.blobstore.http.objects.ErrorResponse;
import io.blobstore.http.objects.ErrorTranslator;
import java.io.IOException;
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
                || (problem instanceof IllegalStateException
                        && credentialProblem(problem).isPresent());
    }

    @Override
    protected Optional<ErrorResponse> sdkResponse(Throwable problem) {
        return Causes.find(problem, StorageException.class)
                .filter(storage -> storage.getCode() > 0)
                .map(GcsErrorResponse::of);
    }

    @Override
    protected BlobStoreException translateOther(Operation operation, @Nullable BlobKey key, Exception problem) {
        Optional<Throwable> credentials = credentialProblem(problem);
        if (credentials.isPresent()) {
            String reason = reason(credentials.get());
            return mayPass(credentials.get())
                    ? new BlobStoreException(
                            operation, key, "no access token could be obtained: " + reason, problem, true)
                    : new PermissionDeniedException(
                            operation,
                            key,
                            "the Google credentials provide no valid access token (" + reason + "); " + LOGIN
                                    + " to a valid file",
                            problem);
        }
        boolean retryable = problem instanceof StorageException storage && storage.isRetryable();
        return new BlobStoreException(operation, key, message(problem), problem, retryable);
    }

    /**
     * Returns the exception of Google's authentication library that caused a failure. Only some have a type of their
     * own: a token that cannot be renewed is an IllegalStateException, a refused impersonation an IOException.
     */
    private static Optional<Throwable> credentialProblem(Exception problem) {
        return Causes.find(problem, Throwable.class, GcsErrors::isFromAuthLibrary);
    }

    private static boolean isFromAuthLibrary(Throwable problem) {
        StackTraceElement[] stack = problem.getStackTrace();
        return problem instanceof Retryable
                || (stack.length > 0 && stack[0].getClassName().startsWith("com.google.auth."));
    }

    private static boolean mayPass(Throwable problem) {
        if (problem instanceof Retryable credentials) {
            return credentials.isRetryable();
        }
        return problem.getCause() instanceof HttpResponseException refusal
                ? refusal.getStatusCode() >= 500 || refusal.getStatusCode() == 429
                : problem.getCause() instanceof IOException;
    }

    /** Returns the message, and what the server of tokens responded. */
    private static String reason(Throwable problem) {
        return problem.getCause() instanceof HttpResponseException refusal
                        && !(problem instanceof Retryable) // which repeats it already
                ? message(problem) + ": HTTP " + refusal.getStatusCode() + " "
                        + ResponseText.line(String.valueOf(refusal.getContent()))
                : message(problem);
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
