package io.blobstore.gcs;

import com.google.cloud.storage.BlobId;
import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Deletes blobs: one, or all whose keys begin alike, a hundred in a request. */
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

    /** Deletes what a listing shows, and gives the number of blobs that were there. */
    long deleteAll(String prefix) throws IOException {
        long deleted = 0;
        try (BlobListing listing = GcsListing.open(bucket, Operation.DELETE_ALL, ListOptions.prefix(prefix))) {
            List<BlobId> batch = new ArrayList<>();
            while (listing.hasNext()) {
                if (listing.next() instanceof BlobListing.Blob blob) {
                    batch.add(bucket.id(bucket.objectOf(Operation.DELETE_ALL, blob.key())));
                }
                if (batch.size() == BATCH) {
                    deleted += delete(batch);
                }
            }
            return deleted + delete(batch);
        }
    }

    private long delete(List<BlobId> batch) throws IOException {
        if (batch.isEmpty()) {
            return 0;
        }
        List<Boolean> deleted =
                bucket.request(Operation.DELETE_ALL, null, () -> bucket.client().delete(List.copyOf(batch)));
        batch.clear();
        return deleted.stream().filter(Boolean::booleanValue).count();
    }
}
