package io.blobstore.gcs;

import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageBatch;
import com.google.cloud.storage.StorageBatchResult;
import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobStoreException;
import io.blobstore.DeleteResult;
import io.blobstore.InvalidBlobKeyException;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.spi.Deletions;
import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Deletes single blobs, and many blobs in batches. */
record GcsDeletion(BucketContext bucket, GcsObjectNames names, Storage client) {
    /** The maximum number of requests in one batch of the JSON API. */
    private static final int BATCH = 100;

    /** Deletes a blob. */
    void delete(BlobKey key) throws IOException {
        BlobId id = BlobId.of(bucket.name(), names.objectOf(Operation.DELETE, key));
        bucket.call(Operation.DELETE, key, () -> client.delete(id)); // false if there was no object, which is no error
    }

    /** Deletes all blobs with a prefix, and returns their number. */
    long deleteAll(String prefix) throws IOException {
        Operation operation = Operation.DELETE_ALL;
        try (BlobListing blobs = new GcsListing(bucket, names, client, operation, ListOptions.prefix(prefix)).begin()) {
            return Deletions.listed(blobs, BATCH, batch -> deleteAgain(operation, batch));
        }
    }

    /** Deletes many blobs in batches, and reports failures by key. */
    DeleteResult delete(Collection<BlobKey> keys) throws IOException {
        return Deletions.inBatches(keys, BATCH, batch -> deleteAgain(Operation.DELETE, batch));
    }

    private Map<BlobKey, BlobStoreException> deleteAgain(Operation operation, List<BlobKey> keys) throws IOException {
        return bucket.delete(operation, keys, left -> deleteBatch(operation, left));
    }

    /** Deletes with one request. {@code Storage.delete(List)} does not distinguish a failure from a missing blob. */
    private Map<BlobKey, BlobStoreException> deleteBatch(Operation operation, List<BlobKey> keys) throws IOException {
        Map<BlobKey, BlobStoreException> failures = new LinkedHashMap<>();
        Map<BlobKey, StorageBatchResult<Boolean>> results = new LinkedHashMap<>();
        StorageBatch batch = client.batch();
        for (BlobKey key : keys) {
            try {
                results.put(key, batch.delete(BlobId.of(bucket.name(), names.objectOf(operation, key))));
            } catch (InvalidBlobKeyException e) {
                failures.put(key, e);
            }
        }
        if (results.isEmpty()) {
            return failures;
        }
        bucket.request(operation, null, () -> {
            try {
                batch.submit();
            } catch (IllegalArgumentException e) { // the SDK's, for an error whose body is not JSON
                throw new BlobStoreException(
                        operation, null, "the server's response to the batch is not understood", e, true);
            }
            return true;
        });
        for (Map.Entry<BlobKey, StorageBatchResult<Boolean>> result : results.entrySet()) {
            if (!result.getValue().completed()) {
                failures.put(
                        result.getKey(),
                        new BlobStoreException(
                                operation,
                                result.getKey(),
                                "the server's response to the batch is incomplete: it lacks this blob",
                                null,
                                true));
                continue;
            }
            try {
                bucket.translate(
                        operation, result.getKey(), () -> result.getValue().get());
            } catch (BlobStoreException e) {
                failures.put(result.getKey(), e);
            }
        }
        return failures;
    }
}
