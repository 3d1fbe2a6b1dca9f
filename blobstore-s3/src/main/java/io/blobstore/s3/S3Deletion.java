package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobStoreException;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.s3.model.DeleteObjectResponse;
import software.amazon.awssdk.services.s3.model.DeleteObjectsResponse;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Error;

/** Deletes blobs, many with one request where there are many. */
final class S3Deletion {
    private static final Operation OPERATION = Operation.DELETE;
    /** What S3 takes in one request. */
    private static final int BATCH = 1000;

    private final S3Context bucket;

    S3Deletion(S3Context bucket) {
        this.bucket = bucket;
    }

    void delete(BlobKey key) throws IOException {
        String object = bucket.objectOf(OPERATION, key);
        DeleteObjectResponse response = bucket.request(
                OPERATION,
                key,
                () -> bucket.client()
                        .deleteObject(request -> request.bucket(bucket.name())
                                .key(object)
                                .overrideConfiguration(
                                        S3Context.with(bucket.headers().any()))));
        requireNothingSaid(OPERATION, key, response.sdkHttpResponse());
    }

    /**
     * A deletion that went well is answered without words. The SDK does not read those that come all the same; some
     * servers put an error there, behind the status of a success.
     */
    static void requireNothingSaid(Operation operation, BlobKey key, SdkHttpResponse response)
            throws BlobStoreException {
        boolean said = response.firstMatchingHeader("Transfer-Encoding").isPresent()
                || response.firstMatchingHeader("Content-Length")
                        .filter(length -> !length.equals("0"))
                        .isPresent();
        if (said) {
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
        try (BlobListing blobs = S3Listing.open(bucket, ListOptions.prefix(prefix))) {
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
                .map(key -> ObjectIdentifier.builder()
                        .key(bucket.settings().prefix() + key)
                        .build())
                .toList();
        DeleteObjectsResponse response = bucket.request(
                OPERATION,
                null,
                () -> bucket.client()
                        .deleteObjects(request -> request.bucket(bucket.name())
                                .delete(delete -> delete.objects(objects))
                                .overrideConfiguration(
                                        S3Context.with(bucket.headers().any()))));
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
        // Every key is answered for, so that an answer which is none does not pass for success.
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
        String object = String.valueOf(error.key());
        String prefix = bucket.settings().prefix();
        BlobKey key = object.startsWith(prefix) && object.length() > prefix.length()
                ? BlobKey.of(object.substring(prefix.length()))
                : null;
        return bucket.errors()
                .translate(
                        OPERATION,
                        key,
                        new ErrorResponse(
                                status(error.code()),
                                String.valueOf(error.code()),
                                String.valueOf(error.message()),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.<Instant>empty()),
                        null);
    }

    /** An error inside an answer has a code, and no status of its own. */
    private static int status(String code) {
        return switch (String.valueOf(code)) {
            case "AccessDenied" -> 403;
            case "InternalError" -> 500;
            case "SlowDown", "ServiceUnavailable" -> 503;
            default -> 400;
        };
    }

    /** Whether XML 1.0 keeps all characters of a key as they are. */
    private static boolean fitsXml(BlobKey key) {
        return key.toString().codePoints().allMatch(c -> c >= ' ' && c != 0xFFFE && c != 0xFFFF);
    }
}
