package io.blobstore.gcs;

import com.google.cloud.storage.Storage;
import com.google.cloud.storage.Storage.BlobField;
import com.google.cloud.storage.Storage.BlobListOption;
import io.blobstore.BlobStoreException;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.PagedListing;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Lists blobs page by page, without the store's prefix and without hidden objects. */
final class GcsListing extends PagedListing {
    private final Storage client;
    private @Nullable String token;

    GcsListing(BucketContext bucket, GcsObjectNames names, Storage client, Operation operation, ListOptions options) {
        super(operation, bucket, names, options);
        this.client = client;
    }

    @Override
    protected Page<Entry> fetch() throws IOException {
        ObjectPage page = ObjectPage.request(bucket(), client, operation(), token, request());
        List<Entry> entries = entries(page);
        token = page.next().orElse(null);
        return sorted(entries, page.next());
    }

    private List<BlobListOption> request() {
        List<BlobListOption> request = new ArrayList<>();
        request.add(BlobListOption.prefix(prefix()));
        request.add(BlobListOption.fields(BlobField.NAME, BlobField.SIZE, BlobField.GENERATION, BlobField.UPDATED));
        options().delimiter().ifPresent(delimiter -> request.add(BlobListOption.delimiter(delimiter)));
        startAfter().ifPresent(text -> request.add(BlobListOption.startOffset(text)));
        return request;
    }

    private List<Entry> entries(ObjectPage page) throws BlobStoreException {
        List<Entry> entries = new ArrayList<>();
        for (com.google.cloud.storage.Blob object : page.objects()) {
            String name = object.getName();
            if (object.isDirectory()) {
                addCommonPrefix(entries, name);
            } else {
                addBlob(
                        entries,
                        name,
                        Optional.of(ObjectMetadata.size(object)),
                        Optional.ofNullable(object.getGeneration()).map(ObjectMetadata::version),
                        ObjectMetadata.modified(object));
            }
        }
        for (int i = 0; i < page.invalid(); i++) {
            skip("", "it has no name");
        }
        return entries;
    }
}
