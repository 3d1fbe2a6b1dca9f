package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobStoreException;
import io.blobstore.DeleteResult;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.ErrorResponse;
import io.blobstore.http.objects.ObjectNames;
import io.blobstore.spi.Deletions;
import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.DeleteObjectResponse;
import software.amazon.awssdk.services.s3.model.DeleteObjectsResponse;
import software.amazon.awssdk.services.s3.model.DeletedObject;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Error;

/** Deletes single blobs, and many blobs in batches. */
record S3Deletion(BucketContext bucket, ObjectNames names, S3Client client, S3Headers headers, S3Errors errors) {
    private static final Operation OPERATION = Operation.DELETE;
    /** The maximum number of keys in one request. */
    private static final int BATCH = 1000;

    /** Deletes a blob. */
    void delete(BlobKey key) throws IOException {
        String object = names.objectOf(OPERATION, key);
        bucket.call(OPERATION, key, () -> {
            DeleteObjectResponse response = client.deleteObject(request ->
                    request.bucket(bucket.name()).key(object).overrideConfiguration(S3Headers.override(headers.any())));
            requireEmptyBody(OPERATION, key, response.sdkHttpResponse());
            return response;
        });
    }

    /**
     * Requires that a response has no body, as after a successful deletion. The SDK ignores a body, but some servers
     * report an error in it although the status is that of a success.
     */
    static void requireEmptyBody(Operation operation, BlobKey key, SdkHttpResponse response) throws BlobStoreException {
        boolean hasBody = response.firstMatchingHeader("Transfer-Encoding").isPresent()
                || response.firstMatchingHeader("Content-Length")
                        .filter(length -> !length.equals("0"))
                        .isPresent();
        if (hasBody) {
            throw new BlobStoreException(
                    operation,
                    key,
                    "the server's response has an unexpected body, which may be an error; try again",
                    null,
                    true);
        }
    }

    /** Deletes all blobs with a prefix, and returns their number. */
    long deleteAll(String prefix) throws IOException {
        try (BlobListing blobs = new S3Listing(
                        bucket, names, client, headers, Operation.DELETE_ALL, ListOptions.prefix(prefix))
                .begin()) {
            return Deletions.listed(blobs, BATCH, this::deleteBatch);
        }
    }

    /** Deletes many blobs in batches, and reports failures by key. */
    DeleteResult delete(Collection<BlobKey> keys) throws IOException {
        return Deletions.inBatches(keys, BATCH, this::deleteBatch);
    }

    private Map<BlobKey, BlobStoreException> deleteBatch(List<BlobKey> keys) throws IOException {
        Map<BlobKey, BlobStoreException> failures = new LinkedHashMap<>();
        Map<String, BlobKey> objects = new LinkedHashMap<>();
        for (BlobKey key : keys) {
            try {
                if (fitsXml(key)) {
                    objects.put(names.objectOf(OPERATION, key), key);
                } else {
                    delete(key);
                }
            } catch (BlobStoreException e) {
                failures.put(key, e);
            }
        }
        if (!objects.isEmpty()) {
            List<BlobKey> named = List.copyOf(objects.values());
            failures.putAll(bucket.delete(OPERATION, named, left -> deleteObjects(objects, left)));
        }
        return failures;
    }

    private Map<BlobKey, BlobStoreException> deleteObjects(Map<String, BlobKey> all, List<BlobKey> keys)
            throws IOException {
        Map<String, BlobKey> objects = new LinkedHashMap<>(all);
        objects.values().retainAll(Set.copyOf(keys));
        List<ObjectIdentifier> identifiers = objects.keySet().stream()
                .map(object -> ObjectIdentifier.builder().key(object).build())
                .toList();
        DeleteObjectsResponse response = bucket.request(
                OPERATION,
                null,
                () -> client.deleteObjects(request -> request.bucket(bucket.name())
                        .delete(delete -> delete.objects(identifiers))
                        .overrideConfiguration(S3Headers.override(headers.any()))));
        Map<BlobKey, BlobStoreException> failures = new LinkedHashMap<>();
        for (S3Error error : response.errors()) {
            BlobKey key = objects.get(String.valueOf(error.key()));
            BlobStoreException problem = translate(key, error);
            if (key == null) {
                throw problem; // it has no key of this request: it concerns the whole request
            }
            failures.put(key, problem);
        }
        // A complete response lists every key; what else it lists does not count. Keys that are not listed may still
        // exist.
        Set<String> deleted =
                response.deleted().stream().map(DeletedObject::key).collect(Collectors.toSet());
        long listed = objects.entrySet().stream()
                .filter(object -> deleted.contains(object.getKey()) || failures.containsKey(object.getValue()))
                .count();
        objects.forEach((object, key) -> {
            if (!deleted.contains(object)) {
                failures.computeIfAbsent(
                        key,
                        missing -> new BlobStoreException(
                                OPERATION,
                                missing,
                                "the server's response is incomplete: it lists " + listed + " of " + objects.size()
                                        + " blobs, and not this one",
                                null,
                                true));
            }
        });
        return failures;
    }

    private BlobStoreException translate(@Nullable BlobKey key, S3Error error) {
        String code = String.valueOf(error.code());
        ErrorResponse response = ErrorResponse.of(status(code), code, String.valueOf(error.message()));
        return errors.translate(OPERATION, key, response, null);
    }

    /** Returns the status for an error in the body of a response, which has only a code. */
    private static int status(String code) {
        return switch (code) {
            case "AccessDenied" -> 403;
            case "InternalError" -> 500;
            case "SlowDown", "ServiceUnavailable" -> 503;
            default -> 400;
        };
    }

    /** Returns whether XML 1.0 can represent all characters of a key. */
    private static boolean fitsXml(BlobKey key) {
        return key.toString().codePoints().allMatch(c -> c >= ' ' && c != 0xFFFE && c != 0xFFFF);
    }
}
