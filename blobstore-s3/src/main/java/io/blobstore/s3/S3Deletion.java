package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobStoreException;
import io.blobstore.DeleteResult;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import io.blobstore.spi.Deletions;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.s3.model.DeleteObjectResponse;
import software.amazon.awssdk.services.s3.model.DeleteObjectsResponse;
import software.amazon.awssdk.services.s3.model.DeletedObject;
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
                    batch.add(blob.key());
                    deleted++;
                }
                if (batch.size() == BATCH) {
                    delete(batch).throwIfFailed();
                    batch.clear();
                }
            }
        }
        delete(batch).throwIfFailed();
        return deleted;
    }

    DeleteResult delete(Collection<BlobKey> keys) throws IOException {
        return Deletions.inBatches(keys, BATCH, this::deleteBatch);
    }

    private Map<BlobKey, BlobStoreException> deleteBatch(List<BlobKey> keys) throws IOException {
        Map<BlobKey, BlobStoreException> failures = new LinkedHashMap<>();
        Map<String, BlobKey> objects = new LinkedHashMap<>();
        for (BlobKey key : keys) {
            try {
                if (fitsXml(key)) {
                    objects.put(bucket.objectOf(OPERATION, key), key);
                } else {
                    delete(key);
                }
            } catch (BlobStoreException e) {
                failures.put(key, e);
            }
        }
        if (!objects.isEmpty()) {
            try {
                failures.putAll(deleteObjects(objects));
            } catch (BlobStoreException e) {
                objects.values().forEach(key -> failures.put(key, e));
            }
        }
        return failures;
    }

    /** Deletes objects with one request, and returns the failures of single ones. */
    private Map<BlobKey, BlobStoreException> deleteObjects(Map<String, BlobKey> objects) throws IOException {
        List<ObjectIdentifier> identifiers = objects.keySet().stream()
                .map(object -> ObjectIdentifier.builder().key(object).build())
                .toList();
        DeleteObjectsResponse response = bucket.request(
                OPERATION,
                null,
                () -> bucket.client()
                        .deleteObjects(request -> request.bucket(bucket.name())
                                .delete(delete -> delete.objects(identifiers))
                                .overrideConfiguration(
                                        S3Context.with(bucket.headers().any()))));
        Map<BlobKey, BlobStoreException> failures = new LinkedHashMap<>();
        for (S3Error error : response.errors()) {
            BlobKey key = objects.get(String.valueOf(error.key()));
            BlobStoreException problem = translate(key, error);
            if (key == null) {
                throw problem; // of the whole request, as far as can be told
            }
            failures.put(key, problem);
        }
        // Every key must be answered for, so that a truncated answer does not pass for success.
        int answered = response.deleted().size() + failures.size();
        if (answered < objects.size()) {
            Set<String> deleted =
                    response.deleted().stream().map(DeletedObject::key).collect(Collectors.toSet());
            objects.forEach((object, key) -> {
                if (!deleted.contains(object)) {
                    failures.computeIfAbsent(
                            key,
                            unanswered -> new BlobStoreException(
                                    OPERATION,
                                    unanswered,
                                    "the server's answer is cut off: it tells of " + answered + " of " + objects.size()
                                            + " blobs, and not of this one",
                                    null,
                                    true));
                }
            });
        }
        return failures;
    }

    private BlobStoreException translate(@Nullable BlobKey key, S3Error error) {
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
