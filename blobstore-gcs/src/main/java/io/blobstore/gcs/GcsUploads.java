package io.blobstore.gcs;

import com.google.cloud.storage.Blob;
import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.Storage.BlobField;
import com.google.cloud.storage.Storage.BlobListOption;
import io.blobstore.BlobKey;
import io.blobstore.IncompleteUpload;
import io.blobstore.Operation;
import io.blobstore.UploadListing;
import io.blobstore.http.XmlPage;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.PagedEntries;
import io.blobstore.http.objects.PagedUploads;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Lists and aborts the incomplete uploads of a store. There are three kinds, listed one after the other: multipart
 * uploads of a key, those of a hidden object, and hidden objects, whose upload is complete but not published.
 */
record GcsUploads(BucketContext bucket, GcsObjectNames names, Storage client, MultipartRequests multipart) {
    /** Lists the uploads of keys with a prefix. */
    UploadListing list(String prefix) throws IOException {
        UploadListing first = new Multipart(names.prefix() + prefix, prefix).begin();
        return new Concatenated(List.of(first, new Multipart(names.hiddenPrefix(), prefix), new Unpublished(prefix)));
    }

    /** Aborts an upload, or deletes an object that was not published; does nothing if it is gone. */
    void abort(BlobKey key, String id) throws IOException {
        Operation operation = Operation.ABORT_UPLOAD;
        GcsObjectNames.Target target = names.target(operation, key, id);
        if (target.unpublished()) {
            BlobId object = BlobId.of(bucket.name(), target.object(), Long.parseLong(target.serverId()));
            bucket.request(operation, key, () -> client.delete(object)); // false if it is gone
        } else {
            multipart.abort(key, target.object(), target.serverId());
        }
    }

    /** Multipart uploads of objects with a prefix. */
    private final class Multipart extends PagedUploads {
        private final String keyPrefix;

        Multipart(String objectPrefix, String keyPrefix) {
            super(bucket, names, objectPrefix);
            this.keyPrefix = keyPrefix;
        }

        @Override
        protected XmlPage request(Map<String, String> markers) throws IOException {
            Map<String, String> parameters = new TreeMap<>(markers);
            if (!prefix().isEmpty()) {
                parameters.put("prefix", prefix());
            }
            return multipart.list(parameters);
        }

        @Override
        protected Optional<IncompleteUpload> upload(String object, String id, Optional<Instant> initiated) {
            if (!prefix().equals(names.hiddenPrefix())) {
                return super.upload(object, id, initiated); // which omits hidden ones
            }
            return Optional.of(IncompleteUpload.of(names.keyOfHidden(object), names.uploadId(object, id), initiated))
                    .filter(upload -> upload.key().toString().startsWith(keyPrefix));
        }
    }

    /** Hidden objects. */
    private final class Unpublished extends PagedEntries<IncompleteUpload> implements UploadListing {
        private final String keyPrefix;
        private @Nullable String token;

        Unpublished(String keyPrefix) {
            super(Operation.LIST_UPLOADS, bucket, names.hiddenPrefix());
            this.keyPrefix = keyPrefix;
        }

        @Override
        protected Page<IncompleteUpload> fetch() throws IOException {
            List<BlobListOption> options = List.of(
                    BlobListOption.prefix(prefix()),
                    BlobListOption.fields(BlobField.NAME, BlobField.GENERATION, BlobField.UPDATED));
            ObjectPage page = ObjectPage.request(bucket, client, operation(), token, options);
            List<IncompleteUpload> uploads = new ArrayList<>();
            for (Blob object : page.objects()) {
                requireInside(object.getName());
                add(uploads, object);
            }
            token = page.next().orElse(null);
            return new Page<>(uploads, page.next());
        }

        private void add(List<IncompleteUpload> uploads, Blob object) {
            Optional<String> id = Optional.ofNullable(object.getGeneration())
                    .flatMap(generation -> names.unpublishedId(object.getName(), generation));
            if (id.isEmpty()) {
                skip(object.getName(), "this library does not create such a name");
                return;
            }
            IncompleteUpload upload =
                    IncompleteUpload.of(names.keyOfHidden(object.getName()), id.get(), ObjectMetadata.modified(object));
            if (upload.key().toString().startsWith(keyPrefix)) {
                uploads.add(upload);
            }
        }
    }

    /** Listings one after the other. Not thread-safe. */
    private record Concatenated(List<UploadListing> listings) implements UploadListing {
        @Override
        public boolean hasNext() throws IOException {
            for (UploadListing listing : listings) {
                if (listing.hasNext()) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public IncompleteUpload next() throws IOException {
            for (UploadListing listing : listings) {
                if (listing.hasNext()) {
                    return listing.next();
                }
            }
            throw new NoSuchElementException("the listing has no more entries");
        }

        @Override
        public long skipped() {
            return listings.stream().mapToLong(UploadListing::skipped).sum();
        }

        @Override
        public void close() throws IOException {
            for (UploadListing listing : listings) {
                listing.close();
            }
        }
    }
}
