package io.blobstore.gcs;

import com.google.cloud.storage.Blob;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.Storage.BlobListOption;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.http.objects.BucketContext;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One page of the JSON API's list of objects and common prefixes.
 *
 * @param next the token of the next page; empty if no page follows
 */
record ObjectPage(List<Blob> objects, Optional<String> next) {
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
        return bucket.request(operation, null, () -> {
            try {
                var page = client.list(bucket.name(), all.toArray(new BlobListOption[0]));
                List<Blob> objects = new ArrayList<>();
                page.getValues().forEach(objects::add);
                return new ObjectPage(
                        objects, Optional.ofNullable(page.getNextPageToken()).filter(text -> !text.isEmpty()));
            } catch (IllegalArgumentException | NullPointerException e) { // thrown by the SDK's parser
                throw new BlobStoreException(
                        operation, null, "the server's response is not a valid listing: " + e.getMessage(), e, false);
            }
        });
    }
}
