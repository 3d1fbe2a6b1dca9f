package io.blobstore.gcs;

import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.Storage;
import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.ListOptions;
import io.blobstore.http.objects.BucketContext;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Deletes single blobs, and all blobs with a prefix in batches. */
record GcsDeletion(BucketContext bucket, GcsObjectNames names, Storage client) {
    /** The most requests of one batch of the JSON API. */
    private static final int BATCH = 100;

    void delete(BlobKey key) throws IOException {
        BlobId id = BlobId.of(bucket.name(), names.objectOf("delete", key));
        bucket.request("delete", key, () -> client.delete(id)); // false if there was none, which is no error
    }

    /** Deletes the blobs of a listing, and returns how many existed. */
    long deleteAll(String prefix) throws IOException {
        long deleted = 0;
        try (BlobListing listing =
                new GcsListing(bucket, names, client, "deleteAll", ListOptions.prefix(prefix)).begin()) {
            List<BlobId> batch = new ArrayList<>();
            while (listing.hasNext()) {
                if (listing.next() instanceof BlobListing.Blob blob) {
                    batch.add(BlobId.of(bucket.name(), names.objectOf("deleteAll", blob.key())));
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
        List<Boolean> deleted = bucket.request("deleteAll", null, () -> client.delete(List.copyOf(batch)));
        batch.clear();
        return deleted.stream().filter(Boolean::booleanValue).count();
    }
}
