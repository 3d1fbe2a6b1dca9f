package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobStoreException;
import io.blobstore.ListOptions;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.ErrorResponse;
import io.blobstore.http.objects.ObjectNames;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.DeleteObjectResponse;
import software.amazon.awssdk.services.s3.model.DeleteObjectsResponse;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Error;

/** Deletes single blobs, and many blobs in batches. */
record S3Deletion(BucketContext bucket, ObjectNames names, S3Client client, S3Headers headers, S3Errors errors) {
    private static final String OPERATION = "delete";
    /** The most keys of one request. */
    private static final int BATCH = 1000;

    void delete(BlobKey key) throws IOException {
        String object = names.objectOf(OPERATION, key);
        DeleteObjectResponse response = bucket.request(
                OPERATION,
                key,
                () -> client.deleteObject(request -> request.bucket(bucket.name())
                        .key(object)
                        .overrideConfiguration(S3Headers.override(headers.any()))));
        requireEmptyBody(OPERATION, key, response.sdkHttpResponse());
    }

    /**
     * Refuses a response with a body. The response to a successful deletion has none. The SDK ignores a body, in which
     * some servers report an error in spite of the status of a success.
     */
    static void requireEmptyBody(String operation, BlobKey key, SdkHttpResponse response) throws BlobStoreException {
        boolean hasBody = response.firstMatchingHeader("Transfer-Encoding").isPresent()
                || response.firstMatchingHeader("Content-Length")
                        .filter(length -> !length.equals("0"))
                        .isPresent();
        if (hasBody) {
            throw new BlobStoreException(
                    operation,
                    key,
                    "the server says something else than that it is done; look, and try again",
                    null,
                    true);
        }
    }

    long deleteAll(String prefix) throws IOException {
        long deleted = 0;
        List<BlobKey> batch = new ArrayList<>();
        try (BlobListing blobs = new S3Listing(bucket, names, client, headers, ListOptions.prefix(prefix)).begin()) {
            while (blobs.hasNext()) {
                if (blobs.next() instanceof BlobListing.Blob blob) {
                    if (fitsXml(blob.key())) {
                        batch.add(blob.key());
                    } else {
                        delete(blob.key());
                    }
                    deleted++;
                }
                if (batch.size() == BATCH) {
                    delete(batch);
                    batch.clear();
                }
            }
        }
        if (!batch.isEmpty()) {
            delete(batch);
        }
        return deleted;
    }

    private void delete(List<BlobKey> batch) throws IOException {
        List<ObjectIdentifier> objects = batch.stream()
                .map(key -> ObjectIdentifier.builder().key(names.prefix() + key).build())
                .toList();
        DeleteObjectsResponse response = bucket.request(
                OPERATION,
                null,
                () -> client.deleteObjects(request -> request.bucket(bucket.name())
                        .delete(delete -> delete.objects(objects))
                        .overrideConfiguration(S3Headers.override(headers.any()))));
        BlobStoreException problem = null;
        for (S3Error error : response.errors()) {
            BlobStoreException another = translate(error);
            if (problem == null) {
                problem = another;
            } else {
                problem.addSuppressed(another);
            }
        }
        if (problem != null) {
            throw problem;
        }
        // The response lists every key, so a shorter list is no success.
        if (response.deleted().size() < batch.size()) {
            throw new BlobStoreException(
                    OPERATION,
                    null,
                    "the server's answer is cut off: it tells of "
                            + response.deleted().size() + " of " + batch.size() + " blobs",
                    null,
                    true);
        }
    }

    private BlobStoreException translate(S3Error error) {
        BlobKey key = names.nameOf(String.valueOf(error.key())).map(BlobKey::of).orElse(null);
        String code = String.valueOf(error.code());
        ErrorResponse response = ErrorResponse.of(status(code), code, String.valueOf(error.message()));
        return errors.translate(OPERATION, key, response, null);
    }

    /** Returns the status of an error inside a response, where it has only a code. */
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
