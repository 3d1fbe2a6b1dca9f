package io.blobstore.gcs;

import com.google.cloud.storage.Blob;
import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.CopyWriter;
import com.google.cloud.storage.Storage.BlobSourceOption;
import com.google.cloud.storage.Storage.BlobTargetOption;
import com.google.cloud.storage.Storage.CopyRequest;
import com.google.cloud.storage.StorageClass;
import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.CopyOptions;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.Conditions;
import io.blobstore.spi.Checksums;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Copies blobs inside the bucket with rewrite requests, which are repeated until the copy is complete. A copy is of the
 * generation whose metadata was read before, and may have a condition on the target. Storage class and encryption are
 * those of the store's settings.
 */
record GcsCopy(
        BucketContext bucket,
        GcsObjectNames names,
        GcsClientFactory.Clients clients,
        GcsErrors errors,
        GcsObjectReader objects,
        Conditions conditions,
        GcsSettings settings) {
    private static final Operation OPERATION = Operation.COPY;

    /** Copies a blob. */
    StoredBlob run(BlobKey from, BlobKey to, CopyOptions options) throws IOException {
        Precondition condition = options.precondition();
        names.objectOf(OPERATION, to);
        BlobMetadata source = objects.head(OPERATION, from, options.sourceVersion());
        StoreOptions stored = StoreOptions.builder()
                .metadataOf(source)
                .precondition(condition)
                .build();
        conditions.check(OPERATION, to, condition);
        try {
            Blob copied = rewrite(OPERATION, from, names.objectOf(OPERATION, from), source.version(), to, stored);
            Optional<Crc32c> checksum = ObjectMetadata.checksum(copied.getCrc32c());
            Checksums.requireCopied(OPERATION, source, checksum);
            return StoredBlob.of(to, source.size(), ObjectMetadata.version(copied.getGeneration()), checksum);
        } catch (PreconditionFailedException e) {
            throw explain(source, to, condition, e);
        } catch (BlobStoreException e) {
            if (condition != Precondition.none() && source.checksum().isPresent() && errors.isOutcomeUnknown(e)) {
                Crc32c checksum = source.checksum().get();
                return conditions.resolve(OPERATION, to, condition, source.size(), checksum, e, true);
            }
            throw e;
        }
    }

    /** Determines which condition failed with a request for the source, as the error response does not name it. */
    private BlobStoreException explain(
            BlobMetadata source, BlobKey to, Precondition condition, PreconditionFailedException problem)
            throws IOException {
        if (condition == Precondition.none()) {
            return problem;
        }
        try {
            objects.head(OPERATION, source.key(), Optional.of(source.version()));
        } catch (BlobStoreException e) {
            problem.addSuppressed(e);
            return problem;
        }
        return conditions.explain(OPERATION, to, condition, problem);
    }

    /** Copies a hidden object to the key of its upload. */
    StoredBlob publish(String hidden, BlobVersion version, BlobKey to, long size, StoreOptions options)
            throws IOException {
        Blob published = rewrite(Operation.COMPLETE_UPLOAD, to, hidden, version, to, options);
        return StoredBlob.of(
                to,
                size,
                ObjectMetadata.version(published.getGeneration()),
                ObjectMetadata.checksum(published.getCrc32c()));
    }

    /**
     * Copies an object. The request has all attributes of the copy, as missing attributes are those of the source in
     * some cases, and those of the bucket in others.
     */
    private Blob rewrite(
            Operation operation, BlobKey key, String from, BlobVersion version, BlobKey to, StoreOptions stored)
            throws IOException {
        BlobInfo.Builder info = BlobInfo.newBuilder(bucket.name(), names.objectOf(operation, to));
        stored.contentType().ifPresent(info::setContentType);
        if (!stored.userMetadata().isEmpty()) {
            info.setMetadata(stored.userMetadata());
        }
        settings.storageClass().ifPresent(name -> info.setStorageClass(StorageClass.valueOf(name)));

        List<BlobSourceOption> source = new ArrayList<>();
        List<BlobTargetOption> target = new ArrayList<>();
        source.add(BlobSourceOption.generationMatch(
                ObjectMetadata.generation(version).orElseThrow()));
        if (stored.precondition() instanceof Precondition.IfMatch match) {
            target.add(BlobTargetOption.generationMatch(Generations.require(operation, to, match.version())));
        } else if (stored.precondition() == Precondition.ifAbsent()) {
            target.add(BlobTargetOption.doesNotExist());
        }
        settings.kmsKey().ifPresent(name -> target.add(BlobTargetOption.kmsKeyName(name)));
        settings.customerKey().ifPresent(customer -> {
            source.add(BlobSourceOption.decryptionKey(customer.base64()));
            target.add(BlobTargetOption.encryptionKey(customer.base64()));
        });
        CopyRequest request = CopyRequest.newBuilder()
                .setSource(BlobId.of(bucket.name(), from))
                .setSourceOptions(source)
                .setTarget(info.build(), target)
                .build();
        boolean conditional = stored.precondition() != Precondition.none();
        return bucket.request(operation, key, () -> {
            CopyWriter writer = (conditional ? clients.withoutRetries() : clients.client()).copy(request);
            return writer.getResult();
        });
    }
}
