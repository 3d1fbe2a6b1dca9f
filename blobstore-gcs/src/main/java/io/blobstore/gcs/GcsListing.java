package io.blobstore.gcs;

import com.google.cloud.storage.Storage;
import com.google.cloud.storage.Storage.BlobField;
import com.google.cloud.storage.Storage.BlobListOption;
import io.blobstore.BlobKey;
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
    private final BucketContext bucket;
    private final GcsObjectNames names;
    private final Storage client;
    private final Operation operation;
    private final ListOptions options;
    private com.google.api.gax.paging.@Nullable Page<com.google.cloud.storage.Blob> before;

    GcsListing(BucketContext bucket, GcsObjectNames names, Storage client, Operation operation, ListOptions options) {
        super(options);
        this.bucket = bucket;
        this.names = names;
        this.client = client;
        this.operation = operation;
        this.options = options;
    }

    @Override
    protected Page fetch() throws IOException {
        var previous = before;
        var fetched = bucket.call(
                operation,
                null,
                () -> previous == null ? client.list(bucket.name(), request()) : previous.getNextPage());
        before = fetched;
        return new Page(entries(fetched), !fetched.hasNextPage());
    }

    private BlobListOption[] request() {
        String prefix = names.prefix();
        List<BlobListOption> request = new ArrayList<>();
        request.add(BlobListOption.prefix(prefix + options.prefix()));
        request.add(BlobListOption.fields(BlobField.NAME, BlobField.SIZE, BlobField.GENERATION, BlobField.UPDATED));
        options.delimiter().ifPresent(delimiter -> request.add(BlobListOption.delimiter(delimiter)));
        options.startAfter()
                .filter(text -> !text.isEmpty())
                .ifPresent(text -> request.add(BlobListOption.startOffset(prefix + text)));
        return request.toArray(new BlobListOption[0]);
    }

    private List<Entry> entries(com.google.api.gax.paging.Page<com.google.cloud.storage.Blob> fetched)
            throws IOException {
        List<Entry> entries = new ArrayList<>();
        for (com.google.cloud.storage.Blob object : fetched.getValues()) {
            Optional<String> name = names.nameOf(object.getName());
            if (name.isPresent()) {
                entries.add(
                        object.isDirectory()
                                ? CommonPrefix.of(name.get())
                                : ObjectMetadata.entry(operation, BlobKey.of(name.get()), object));
            }
        }
        return entries;
    }
}
