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
import io.blobstore.spi.Checksums;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Stores a blob by one PUT. */
final class PutObject {
    private static final Operation OPERATION = Operation.STORE;

    private final S3Context bucket;
    private final Conditions conditions;

    PutObject(S3Context bucket, Conditions conditions) {
        this.bucket = bucket;
        this.conditions = conditions;
    }

    StoredBlob run(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
        if (content.size() > S3BlobStore.CAPABILITIES.maxPartSize()) {
            throw new IllegalArgumentException("S3 takes at most " + S3BlobStore.CAPABILITIES.maxPartSize()
                    + " bytes in one request, this blob has " + content.size() + "; use TransferManager");
        }
        Precondition condition = options.precondition();
        Map<String, String> fields = new TreeMap<>(S3Headers.merge(
                bucket.headers().create(),
                S3Headers.userMetadata(options.userMetadata()),
                S3Headers.condition(condition)));
        options.contentType().ifPresent(type -> fields.put("Content-Type", type));
        String object = bucket.objectOf(OPERATION, key);
        Crc32c checksum = bucket.translating(OPERATION, key, () -> Crc32c.of(content));
        try {
            return put(key, object, fields, content, checksum);
        } catch (BlobStoreException e) {
            if (condition != Precondition.none() && Conditions.isOutcomeUnknown(e)) {
                return conditions
                        .findSent(OPERATION, key, condition, content.size(), checksum, e)
                        .orElseThrow(() -> e);
            }
            throw conditions.explain(OPERATION, key, condition, e);
        }
    }

    private StoredBlob put(BlobKey key, String object, Map<String, String> fields, BlobSource content, Crc32c checksum)
            throws IOException {
        if (bucket.settings().keepsChecksums()) {
            fields.put(S3Headers.CHECKSUM, checksum.base64());
        }
        HttpResponse response =
                bucket.request(OPERATION, key, () -> bucket.payloads().put(object, Map.of(), fields, content));
        VersionTag tag = VersionTag.of(
                        response.header("ETag").orElse(null),
                        response.header(S3Headers.VERSION_ID).orElse(null))
                .orElseThrow(() -> ObjectMetadata.incomplete(OPERATION, key, "ETag"));
        return StoredBlob.of(key, content.size(), tag.version(), accepted(OPERATION, key, response, checksum));
    }

    /** What the server says the content's checksum is; empty if it does not say. */
    static Optional<Crc32c> accepted(Operation operation, BlobKey key, HttpResponse response, Crc32c sent)
            throws IntegrityException {
        Optional<Crc32c> received = response.header(S3Headers.CHECKSUM).flatMap(Crc32c::ofBase64);
        Checksums.requireReceived(operation, key, received, sent);
        return received;
    }
}
