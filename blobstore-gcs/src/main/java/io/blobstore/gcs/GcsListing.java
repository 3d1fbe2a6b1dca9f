package io.blobstore.gcs;

import com.google.api.gax.paging.Page;
import com.google.cloud.storage.Storage.BlobField;
import com.google.cloud.storage.Storage.BlobListOption;
import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import io.blobstore.spi.PagedListing;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Lists page by page, without the store's prefix, and without what is hidden. */
final class GcsListing extends PagedListing {
    private final GcsContext bucket;
    private final Operation operation;
    private final ListOptions options;
    private @Nullable Page<com.google.cloud.storage.Blob> before;

    private GcsListing(GcsContext bucket, Operation operation, ListOptions options) {
        super(options);
        this.bucket = bucket;
        this.operation = operation;
        this.options = options;
    }

    static BlobListing open(GcsContext bucket, Operation operation, ListOptions options) throws IOException {
        return new GcsListing(bucket, operation, options).begin();
    }

    @Override
    protected Fetched fetch() throws IOException {
        Page<com.google.cloud.storage.Blob> previous = before;
        Page<com.google.cloud.storage.Blob> fetched = bucket.request(
                operation,
                null,
                () -> previous == null ? bucket.client().list(bucket.name(), request()) : previous.getNextPage());
        before = fetched;
        return new Fetched(entries(fetched), !fetched.hasNextPage());
    }

    private BlobListOption[] request() {
        String prefix = bucket.settings().prefix();
        List<BlobListOption> request = new ArrayList<>();
        request.add(BlobListOption.prefix(prefix + options.prefix()));
        request.add(BlobListOption.fields(BlobField.NAME, BlobField.SIZE, BlobField.GENERATION, BlobField.UPDATED));
        options.delimiter().ifPresent(delimiter -> request.add(BlobListOption.delimiter(delimiter)));
        options.startAfter()
                .filter(text -> !text.isEmpty())
                .ifPresent(text -> request.add(BlobListOption.startOffset(prefix + text)));
        return request.toArray(new BlobListOption[0]);
    }

    private List<Entry> entries(Page<com.google.cloud.storage.Blob> fetched) throws IOException {
        List<Entry> entries = new ArrayList<>();
        for (com.google.cloud.storage.Blob object : fetched.getValues()) {
            Optional<String> name = bucket.nameOf(object.getName());
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
