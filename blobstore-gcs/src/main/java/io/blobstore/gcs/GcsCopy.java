package io.blobstore.gcs;

import com.google.cloud.storage.Blob;
import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.CopyWriter;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.Storage.BlobSourceOption;
import com.google.cloud.storage.Storage.BlobTargetOption;
import com.google.cloud.storage.Storage.CopyRequest;
import com.google.cloud.storage.StorageClass;
import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.CopyOptions;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.Conditions;
import io.blobstore.http.objects.PublishingRequest;
import io.blobstore.http.objects.Retries;
import io.blobstore.http.objects.SentContent;
import io.blobstore.spi.Checksums;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Copies blobs inside the bucket with rewrite requests, which are repeated until the copy is complete. A copy is of the
 * generation whose metadata was read before, and may have a condition on the target. Storage class and encryption are
 * those of the store's settings.
 */
record GcsCopy(
        BucketContext bucket,
        GcsObjectNames names,
        Storage client,
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
        PublishingRequest.Handling<StoredBlob> handling = new PublishingRequest.Handling<>() {
            @Override
            public Optional<StoredBlob> find(BlobStoreException problem) throws IOException {
                SentContent sent = new SentContent(source.size(), source.checksum(), version -> false);
                return conditions.find(OPERATION, to, condition, sent, problem);
            }

            @Override
            public BlobStoreException explain(BlobStoreException problem) throws IOException {
                return problem instanceof PreconditionFailedException failed
                        ? GcsCopy.this.explain(source, to, condition, failed)
                        : problem;
            }
        };
        Rewrite rewrite = rewrite(OPERATION, from, names.objectOf(OPERATION, from), source.version(), to, stored);
        StoredBlob copied = new PublishingRequest<>(bucket, OPERATION, from, condition, handling).run(rewrite::run);
        Checksums.requireCopied(OPERATION, source, copied.checksum());
        return copied;
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

    /** Returns the copy of a hidden object to the key of its upload. */
    Rewrite publication(String hidden, BlobVersion version, BlobKey to, StoreOptions options)
            throws BlobStoreException {
        return rewrite(Operation.COMPLETE_UPLOAD, to, hidden, version, to, options);
    }

    /**
     * Returns the copy of an object. The request has all attributes of the copy, as missing attributes are those of the source in
     * some cases, and those of the bucket in others.
     */
    private Rewrite rewrite(
            Operation operation, BlobKey key, String from, BlobVersion version, BlobKey to, StoreOptions stored)
            throws BlobStoreException {
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
        return new Rewrite(operation, key, to, request);
    }

    /** A copy of an object in one or more steps. A failed step can be repeated alone. */
    final class Rewrite {
        private final Operation operation;
        private final BlobKey key;
        private final BlobKey to;
        private final CopyRequest request;
        private @Nullable CopyWriter steps;

        private Rewrite(Operation operation, BlobKey key, BlobKey to, CopyRequest request) {
            this.operation = operation;
            this.key = key;
            this.to = to;
            this.request = request;
        }

        /**
         * Runs the steps that are left, and returns the copy.
         *
         * @param attempts is restarted after each step
         */
        StoredBlob run(Retries.Attempts attempts) throws IOException {
            return bucket.request(operation, key, () -> {
                CopyWriter writer = steps;
                if (writer == null) {
                    writer = client.copy(request);
                    steps = writer;
                }
                while (!writer.isDone()) {
                    attempts.restart();
                    writer.copyChunk();
                }
                Blob copied = writer.getResult();
                return StoredBlob.of(
                        to,
                        copied.getSize(),
                        ObjectMetadata.version(copied.getGeneration()),
                        ObjectMetadata.checksum(copied.getCrc32c()));
            });
        }
    }
}
