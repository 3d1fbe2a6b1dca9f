package io.blobstore.gcs;

import com.google.api.gax.paging.Page;
import com.google.cloud.storage.Blob;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.Storage.BlobListOption;
import com.google.cloud.storage.StorageException;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.http.Causes;
import io.blobstore.http.objects.BucketContext;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One page of the JSON API's list of objects and common prefixes.
 *
 * @param invalid the number of entries without a name
 * @param next the token of the next page; empty if no page follows
 */
record ObjectPage(List<Blob> objects, int invalid, Optional<String> next) {
    /**
     * Requests a page.
     *
     * @param token the token of the page; null for the first
     */
    static ObjectPage request(
            BucketContext bucket,
            Storage client,
            Operation operation,
            @Nullable String token,
            List<BlobListOption> options)
            throws IOException {
        List<BlobListOption> all = new ArrayList<>(options);
        if (token != null) {
            all.add(BlobListOption.pageToken(token));
        }
        return bucket.call(operation, null, () -> {
            try {
                return of(client.list(bucket.name(), all.toArray(new BlobListOption[0])));
            } catch (StorageException e) {
                if (Causes.find(e, IllegalArgumentException.class).isEmpty()) {
                    throw e;
                }
                throw new BlobStoreException( // the SDK's parser failed
                        operation, null, "the server's response is not a valid listing: " + e.getMessage(), e, false);
            }
        });
    }

    private static ObjectPage of(Page<Blob> page) {
        List<Blob> objects = new ArrayList<>();
        int invalid = 0;
        Iterator<Blob> entries = page.getValues().iterator();
        while (entries.hasNext()) {
            try {
                objects.add(entries.next()); // converts the entry, which the SDK has parsed
            } catch (NullPointerException e) { // it has no bucket or no name
                invalid++;
            }
        }
        return new ObjectPage(
                objects, invalid, Optional.ofNullable(page.getNextPageToken()).filter(text -> !text.isEmpty()));
    }
}
