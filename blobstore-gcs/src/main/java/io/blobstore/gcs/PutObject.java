package io.blobstore.gcs;

import com.google.api.client.json.gson.GsonFactory;
import com.google.api.services.storage.model.StorageObject;
import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.http.HttpResponse;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.Conditions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Stores a blob with one request of the JSON API, whose multipart/related body consists of metadata and content. The
 * request may have a condition. The server compares the content with the checksum in the metadata, and returns the
 * metadata of the new object. The content is not copied into the body.
 */
record PutObject(
        BucketContext bucket,
        GcsObjectNames names,
        DataRequests data,
        GcsUrls urls,
        GcsErrors errors,
        GcsSettings settings,
        Conditions conditions) {
    private static final Operation OPERATION = Operation.STORE;
    private static final String ANY_TYPE = "application/octet-stream";

    /** Stores a blob. */
    StoredBlob run(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
        if (content.size() > GcsBlobStore.CAPABILITIES.maxPartSize()) {
            throw new IllegalArgumentException("this store sends at most " + GcsBlobStore.CAPABILITIES.maxPartSize()
                    + " bytes in one request, this blob has " + content.size() + "; use TransferManager");
        }
        String object = names.objectOf(OPERATION, key);
        Precondition condition = options.precondition();
        Map<String, String> query = new TreeMap<>(Generations.query(OPERATION, key, condition));
        settings.kmsKey().ifPresent(name -> query.put("kmsKeyName", name));
        Crc32c checksum = bucket.translate(OPERATION, key, () -> Crc32c.of(content));
        conditions.check(OPERATION, key, condition);
        try {
            return put(key, urls.upload(query), metadata(object, options, checksum), content, checksum);
        } catch (BlobStoreException e) {
            boolean mayHaveHappened = condition != Precondition.none() && errors.isOutcomeUnknown(e);
            return conditions.resolve(OPERATION, key, condition, content.size(), checksum, e, mayHaveHappened);
        }
    }

    private StorageObject metadata(String object, StoreOptions options, Crc32c checksum) {
        StorageObject metadata = new StorageObject()
                .setName(object)
                .setCrc32c(checksum.base64())
                .setContentType(options.contentType().orElse(null))
                .setContentEncoding(options.contentEncoding().orElse(null))
                .setContentLanguage(options.contentLanguage().orElse(null))
                .setContentDisposition(options.contentDisposition().orElse(null))
                .setCacheControl(options.cacheControl().orElse(null))
                .setStorageClass(settings.storageClass().orElse(null));
        return options.userMetadata().isEmpty() ? metadata : metadata.setMetadata(options.userMetadata());
    }

    private StoredBlob put(BlobKey key, String url, StorageObject metadata, BlobSource content, Crc32c checksum)
            throws IOException {
        String boundary = "blobstore-" + UUID.randomUUID();
        String type = Optional.ofNullable(metadata.getContentType()).orElse(ANY_TYPE);
        byte[] json = GsonFactory.getDefaultInstance().toByteArray(metadata);
        BlobSource body = BlobSource.concat(List.of(
                text("--" + boundary + "\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n"),
                BlobSource.of(ByteBuffer.wrap(json)),
                text("\r\n--" + boundary + "\r\nContent-Type: " + type + "\r\n\r\n"),
                content,
                text("\r\n--" + boundary + "--\r\n")));
        Map<String, String> fields = new TreeMap<>(settings.keyFields());
        fields.put("Content-Type", "multipart/related; boundary=" + boundary);
        HttpResponse response = bucket.create(OPERATION, key, () -> data.send("POST", url, fields, body));
        StorageObject stored = bucket.translate(OPERATION, key, () -> parse(key, response));
        Optional<Crc32c> received = ObjectMetadata.checksum(stored.getCrc32c());
        if (received.isPresent() && !received.get().equals(checksum)) {
            throw new IntegrityException(
                    OPERATION,
                    key,
                    "the server has stored " + received.get() + ", but " + checksum + " was sent",
                    null);
        }
        if (stored.getSize() != null && !stored.getSize().equals(BigInteger.valueOf(content.size()))) {
            throw new IntegrityException(
                    OPERATION,
                    key,
                    "the server has stored " + stored.getSize() + " bytes, but " + content.size() + " were sent",
                    null);
        }
        return StoredBlob.of(key, content.size(), ObjectMetadata.version(OPERATION, key, stored), received);
    }

    private static StorageObject parse(BlobKey key, HttpResponse response) throws IOException {
        try {
            return GsonFactory.getDefaultInstance()
                    .createJsonParser(new ByteArrayInputStream(response.body().bytes()), StandardCharsets.UTF_8)
                    .parseAndClose(StorageObject.class);
        } catch (IOException | IllegalArgumentException e) {
            throw new BlobStoreException(OPERATION, key, "the server's response is cut off, or is not JSON", e, true);
        }
    }

    private static BlobSource text(String text) {
        return BlobSource.of(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }
}
