package io.blobstore.gcs;

import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.StorageBatch;
import com.google.cloud.storage.StorageBatchResult;
import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobStoreException;
import io.blobstore.DeleteResult;
import io.blobstore.InvalidBlobKeyException;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import io.blobstore.spi.Deletions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Deletes blobs, up to a hundred with one request. */
final class GcsDeletion {
    /** What one batch of the JSON API takes. */
    private static final int BATCH = 100;

    private final GcsContext bucket;

    GcsDeletion(GcsContext bucket) {
        this.bucket = bucket;
    }

    void delete(BlobKey key) throws IOException {
        BlobId id = bucket.id(bucket.objectOf(Operation.DELETE, key));
        bucket.request(
                Operation.DELETE, key, () -> bucket.client().delete(id)); // false: it was not there, which is fine
    }

    /** Deletes the blobs of a listing, and returns how many there were. */
    long deleteAll(String prefix) throws IOException {
        long deleted = 0;
        try (BlobListing listing = GcsListing.open(bucket, Operation.DELETE_ALL, ListOptions.prefix(prefix))) {
            List<BlobKey> batch = new ArrayList<>();
            while (listing.hasNext()) {
                if (listing.next() instanceof BlobListing.Blob blob) {
                    batch.add(blob.key());
                    deleted++;
                }
                if (batch.size() == BATCH) {
                    delete(Operation.DELETE_ALL, batch).throwIfFailed();
                    batch.clear();
                }
            }
            delete(Operation.DELETE_ALL, batch).throwIfFailed();
        }
        return deleted;
    }

    DeleteResult delete(Collection<BlobKey> keys) throws IOException {
        return delete(Operation.DELETE, keys);
    }

    private DeleteResult delete(Operation operation, Collection<BlobKey> keys) throws IOException {
        return Deletions.inBatches(keys, BATCH, batch -> deleteBatch(operation, batch));
    }

    /** Deletes with one request. {@code Storage.delete(List)} would not tell a failure from a blob that is missing. */
    private Map<BlobKey, BlobStoreException> deleteBatch(Operation operation, List<BlobKey> keys) throws IOException {
        Map<BlobKey, BlobStoreException> failures = new LinkedHashMap<>();
        Map<BlobKey, StorageBatchResult<Boolean>> results = new LinkedHashMap<>();
        StorageBatch batch = bucket.client().batch();
        for (BlobKey key : keys) {
            try {
                results.put(key, batch.delete(bucket.id(bucket.objectOf(operation, key))));
            } catch (InvalidBlobKeyException e) {
                failures.put(key, e);
            }
        }
        if (results.isEmpty()) {
            return failures;
        }
        bucket.request(operation, null, () -> {
            batch.submit();
            return true;
        });
        for (Map.Entry<BlobKey, StorageBatchResult<Boolean>> result : results.entrySet()) {
            try {
                bucket.translating(
                        operation, result.getKey(), () -> result.getValue().get());
            } catch (BlobStoreException e) {
                failures.put(result.getKey(), e);
            }
        }
        return failures;
    }
}
