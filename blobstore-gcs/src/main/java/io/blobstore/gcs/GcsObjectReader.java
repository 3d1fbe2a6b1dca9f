package io.blobstore.gcs;

import com.google.cloud.storage.Blob;
import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.Storage.BlobField;
import com.google.cloud.storage.Storage.BlobGetOption;
import com.google.cloud.storage.Storage.BlobListOption;
import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.Operation;
import io.blobstore.PermissionDeniedException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.http.HttpHeaders;
import io.blobstore.http.ResponseHandler;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.ObjectReader;
import io.blobstore.http.objects.SizeRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Reads objects with GET requests of the XML API, whose responses have all of a blob's metadata, and metadata alone
 * with the SDK.
 */
record GcsObjectReader(
        BucketContext bucket,
        GcsObjectNames names,
        Storage client,
        DataRequests data,
        GcsUrls urls,
        GcsErrors errors,
        GcsSettings settings)
        implements ObjectReader {
    private static final String IDENTITY = "identity";
    private static final BlobField[] FIELDS = {
        BlobField.NAME,
        BlobField.SIZE,
        BlobField.GENERATION,
        BlobField.CRC32C,
        BlobField.CONTENT_TYPE,
        BlobField.CONTENT_ENCODING,
        BlobField.CONTENT_LANGUAGE,
        BlobField.CONTENT_DISPOSITION,
        BlobField.CACHE_CONTROL,
        BlobField.METADATA,
        BlobField.UPDATED,
        BlobField.STORAGE_CLASS,
        BlobField.CUSTOM_TIME,
        BlobField.OBJECT_CONTEXTS
    };

    // ---- metadata

    @Override
    public BlobMetadata head(Operation operation, BlobKey key, Optional<BlobVersion> wanted) throws IOException {
        Blob blob = blob(operation, key, names.objectOf(operation, key));
        if (blob.getSize() == null && blob.getGeneration() != null) {
            BlobVersion version = ObjectMetadata.version(blob.getGeneration());
            long size = SizeRequest.send(this, errors, operation, key, version);
            return requireVersion(operation, ObjectMetadata.of(operation, key, blob, size), wanted);
        }
        return requireVersion(operation, ObjectMetadata.of(operation, key, blob), wanted);
    }

    /** Returns the SDK's description of an object. */
    Blob blob(Operation operation, BlobKey key, String object) throws IOException {
        List<BlobGetOption> options = new ArrayList<>();
        options.add(BlobGetOption.fields(FIELDS));
        settings.customerKey().ifPresent(customer -> options.add(BlobGetOption.decryptionKey(customer.base64())));
        Blob blob = bucket.repeat(
                operation,
                key,
                () -> bucket.translate(
                        operation,
                        key,
                        () -> client.get(BlobId.of(bucket.name(), object), options.toArray(new BlobGetOption[0]))));
        if (blob == null) {
            requireBucket(operation, key);
            throw new BlobNotFoundException(operation, key, null);
        }
        bucket.confirm();
        return blob;
    }

    /** Throws if the bucket is missing. The SDK reports that like a missing blob, but not in response to a listing. */
    private void requireBucket(Operation operation, BlobKey key) throws IOException {
        if (bucket.isConfirmed()) {
            return;
        }
        try {
            bucket.repeat(
                    operation,
                    key,
                    () -> bucket.create( // a 404 means that there is no bucket
                            operation,
                            key,
                            () -> client.list(
                                    bucket.name(), BlobListOption.pageSize(1), BlobListOption.prefix(names.prefix()))));
        } catch (PermissionDeniedException e) {
            if (errors.status(e) != 403) { // an account may be allowed to read but not to list
                throw e;
            }
        }
    }

    // ---- content

    @Override
    public void get(BlobKey key, Optional<BlobVersion> wanted, Optional<String> range, ResponseHandler handler)
            throws IOException {
        String url = urls.object(names.objectOf(Operation.READ, key), Map.of());
        Map<String, String> fields = new TreeMap<>(settings.keyFields());
        fields.put("Accept-Encoding", "gzip"); // otherwise the server decodes what is stored with this encoding
        if (wanted.isPresent()) {
            long generation = Generations.require(Operation.READ, key, wanted.get());
            fields.put("x-goog-if-generation-match", Long.toString(generation));
        }
        range.ifPresent(value -> fields.put("Range", value));
        try {
            bucket.request(Operation.READ, key, () -> data.get(url, fields, handler));
        } catch (BlobNotFoundException e) {
            throw wanted.isEmpty()
                    ? e
                    : new PreconditionFailedException(Operation.READ, key, "the blob no longer exists", e);
        }
    }

    @Override
    public BlobMetadata describe(BlobKey key, HttpHeaders headers, long size) throws BlobStoreException {
        Optional<String> stored =
                headers.first("x-goog-stored-content-encoding").filter(name -> !name.isEmpty());
        String sent = headers.first("Content-Encoding").orElse(IDENTITY);
        if (stored.isPresent() && !stored.get().equalsIgnoreCase(sent)) {
            throw new BlobStoreException(
                    Operation.READ,
                    key,
                    "the blob is stored with Content-Encoding '" + stored.get() + "', but the server, or a proxy, sends"
                            + " it with '" + sent + "': it changes the content on the way",
                    null,
                    false);
        }
        return ObjectMetadata.of(Operation.READ, key, headers, size);
    }

    @Override
    public String sizeField() {
        return "x-goog-stored-content-length";
    }
}
