package io.blobstore.s3;

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
import io.blobstore.http.objects.ObjectHeaders;
import io.blobstore.http.objects.ObjectNames;
import io.blobstore.spi.Checksums;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Stores a blob with one PUT. */
record PutObject(
        BucketContext bucket,
        ObjectNames names,
        DataRequests data,
        S3Headers headers,
        S3Errors errors,
        Conditions conditions) {
    private static final Operation OPERATION = Operation.STORE;

    /** Stores a blob. */
    StoredBlob run(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
        return run(key, content, S3Headers.metadata(options), options.precondition());
    }

    /** Stores a blob with metadata and other properties in header fields. */
    StoredBlob run(BlobKey key, BlobSource content, Map<String, String> properties, Precondition condition)
            throws IOException {
        if (content.size() > S3BlobStore.CAPABILITIES.maxPartSize()) {
            throw new IllegalArgumentException("S3 accepts at most " + S3BlobStore.CAPABILITIES.maxPartSize()
                    + " bytes in one request, this blob has " + content.size() + "; use TransferManager");
        }
        Map<String, String> fields =
                new TreeMap<>(S3Headers.merge(headers.create(), properties, S3Headers.condition(condition)));
        String object = names.objectOf(OPERATION, key);
        Crc32c checksum = bucket.translate(OPERATION, key, () -> Crc32c.of(content));
        fields.putAll(headers.checksum(checksum));
        conditions.check(OPERATION, key, condition);
        try {
            HttpResponse response = bucket.request(OPERATION, key, () -> data.put(object, Map.of(), fields, content));
            VersionTag tag = VersionTag.of(response.headers())
                    .orElseThrow(() -> ObjectHeaders.incomplete(OPERATION, key, "ETag"));
            return StoredBlob.of(key, content.size(), tag.version(), received(OPERATION, key, response, checksum));
        } catch (BlobStoreException e) {
            boolean mayHaveHappened = condition != Precondition.none() && errors.isOutcomeUnknown(e);
            return conditions.resolve(OPERATION, key, condition, content.size(), checksum, e, mayHaveHappened);
        }
    }

    /** Returns the checksum that the server reports for the content it received, which must be the one sent. */
    static Optional<Crc32c> received(Operation operation, BlobKey key, HttpResponse response, Crc32c sent)
            throws IntegrityException {
        Optional<Crc32c> received = response.header(S3Headers.CHECKSUM).flatMap(Crc32c::ofBase64);
        Checksums.requireReceived(operation, key, received, sent);
        return received;
    }
}
