package io.blobstore.spi;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobStoreException;
import io.blobstore.DeleteResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/** Deletes several blobs for {@link io.blobstore.BlobStore#delete(Collection)}. */
public final class Deletions {
    private Deletions() {}

    /** Deletes one blob. */
    @FunctionalInterface
    public interface Single {
        /** Deletes the blob with this key. Does nothing if the key has none. */
        void delete(BlobKey key) throws IOException;
    }

    /** Deletes the blobs of several keys with one request. */
    @FunctionalInterface
    public interface Batch {
        /**
         * Deletes these blobs, where they exist.
         *
         * @return the keys whose blobs could not be deleted, each with its failure
         * @throws BlobStoreException if the whole request failed
         */
        Map<BlobKey, BlobStoreException> delete(List<BlobKey> keys) throws IOException;
    }

    /** Deletes the blobs of distinct keys one by one. A failure is recorded and does not stop the deletion. */
    public static DeleteResult oneByOne(Collection<BlobKey> keys, Single single) throws IOException {
        return inBatches(keys, 1, batch -> {
            single.delete(batch.get(0));
            return Map.of();
        });
    }

    /**
     * Deletes the blobs of distinct keys in batches of at most this size. A failure is recorded and does not stop the
     * deletion.
     */
    public static DeleteResult inBatches(Collection<BlobKey> keys, int batchSize, Batch request) throws IOException {
        List<BlobKey> distinct = new ArrayList<>(new LinkedHashSet<>(keys));
        Map<BlobKey, BlobStoreException> failures = new LinkedHashMap<>();
        for (int from = 0; from < distinct.size(); from += batchSize) {
            List<BlobKey> batch = distinct.subList(from, Math.min(from + batchSize, distinct.size()));
            try {
                failures.putAll(request.delete(batch));
            } catch (BlobStoreException e) {
                batch.forEach(key -> failures.put(key, e));
            }
        }
        distinct.removeAll(failures.keySet());
        return DeleteResult.of(distinct, failures);
    }

    /**
     * Deletes the blobs of a listing in batches of at most this size. Stops after the first batch with a failure.
     *
     * @return the number of blobs listed
     * @throws BlobStoreException if a blob could not be deleted
     */
    public static long listed(BlobListing listing, int batchSize, Batch request) throws IOException {
        long deleted = 0;
        List<BlobKey> batch = new ArrayList<>();
        while (listing.hasNext()) {
            if (listing.next() instanceof BlobListing.Blob blob) {
                batch.add(blob.key());
                deleted++;
            }
            if (batch.size() == batchSize) {
                inBatches(batch, batchSize, request).throwIfFailed();
                batch.clear();
            }
        }
        inBatches(batch, batchSize, request).throwIfFailed();
        return deleted;
    }
}
