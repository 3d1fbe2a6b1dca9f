package io.blobstore.gcs;

import com.google.cloud.storage.Blob;
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
import io.blobstore.spi.Checksums;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Copies inside the bucket, by the server's rewrite, which is asked again until it is done. Of the source it takes the
 * generation that was looked at; the target takes a condition. Storage class and encryption are those of the store's
 * settings.
 */
final class GcsCopy {
    private static final Operation OPERATION = Operation.COPY;

    private final GcsContext bucket;

    GcsCopy(GcsContext bucket) {
        this.bucket = bucket;
    }

    /** Copies a blob for the user. */
    StoredBlob run(BlobKey from, BlobKey to, CopyOptions options) throws IOException {
        Precondition condition = options.precondition();
        bucket.objectOf(OPERATION, to);
        BlobMetadata source = bucket.head(OPERATION, from, options.sourceVersion());
        StoreOptions stored = StoreOptions.builder()
                .metadataOf(source)
                .precondition(condition)
                .build();
        try {
            Blob copied = rewrite(OPERATION, from, bucket.objectOf(OPERATION, from), source.version(), to, stored);
            Optional<Crc32c> checksum = ObjectMetadata.checksum(copied.getCrc32c());
            Checksums.requireCopied(OPERATION, source, checksum);
            return StoredBlob.of(to, source.size(), ObjectMetadata.version(copied.getGeneration()), checksum);
        } catch (PreconditionFailedException e) {
            throw explain(source, to, condition, e);
        } catch (BlobStoreException e) {
            if (condition != Precondition.none() && source.checksum().isPresent() && GcsErrors.isOutcomeUnknown(e)) {
                return bucket.findSent(
                        OPERATION,
                        to,
                        condition,
                        source.size(),
                        source.checksum().get(),
                        e);
            }
            throw e;
        }
    }

    /** The server says the same of either condition: the source is looked at once more. */
    private BlobStoreException explain(
            BlobMetadata source, BlobKey to, Precondition condition, PreconditionFailedException problem)
            throws IOException {
        if (condition == Precondition.none()) {
            return problem;
        }
        try {
            bucket.head(OPERATION, source.key(), Optional.of(source.version()));
        } catch (BlobStoreException e) {
            problem.addSuppressed(e);
            return problem;
        }
        return Conditions.explain(OPERATION, to, condition, problem);
    }

    /** Copies a hidden object to the key that it was stored for. */
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
     * Has the server copy an object. All that the copy has is said anew: what is not said is the source's in some
     * cases, and the bucket's in others.
     */
    private Blob rewrite(
            Operation operation, BlobKey key, String from, BlobVersion version, BlobKey to, StoreOptions stored)
            throws IOException {
        BlobInfo.Builder info = BlobInfo.newBuilder(bucket.id(bucket.objectOf(operation, to)));
        stored.contentType().ifPresent(info::setContentType);
        if (!stored.userMetadata().isEmpty()) {
            info.setMetadata(stored.userMetadata());
        }
        bucket.settings().storageClass().ifPresent(name -> info.setStorageClass(StorageClass.valueOf(name)));

        List<BlobSourceOption> source = new ArrayList<>();
        List<BlobTargetOption> target = new ArrayList<>();
        source.add(BlobSourceOption.generationMatch(
                ObjectMetadata.generation(version).orElseThrow()));
        if (stored.precondition() instanceof Precondition.IfMatch match) {
            target.add(BlobTargetOption.generationMatch(Conditions.generation(operation, to, match)));
        } else if (stored.precondition() == Precondition.ifAbsent()) {
            target.add(BlobTargetOption.doesNotExist());
        }
        bucket.settings().kmsKey().ifPresent(name -> target.add(BlobTargetOption.kmsKeyName(name)));
        bucket.settings().customerKey().ifPresent(customer -> {
            source.add(BlobSourceOption.decryptionKey(customer.base64()));
            target.add(BlobTargetOption.encryptionKey(customer.base64()));
        });
        CopyRequest request = CopyRequest.newBuilder()
                .setSource(bucket.id(from))
                .setSourceOptions(source)
                .setTarget(info.build(), target)
                .build();
        boolean conditional = stored.precondition() != Precondition.none();
        return bucket.request(operation, key, () -> {
            CopyWriter writer = (conditional ? bucket.unrepeating() : bucket.client()).copy(request);
            return writer.getResult();
        });
    }
}
