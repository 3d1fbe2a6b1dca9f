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
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Copies blobs inside the bucket with rewrite requests, which are repeated until the copy is complete. A copy is of the
 * generation whose metadata was read before, and may have a condition on the target. What a copy keeps is in
 * {@link GcsBlobStore}.
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
        String object = names.objectOf(OPERATION, from);
        Blob blob = objects.blob(OPERATION, from, object);
        BlobMetadata source =
                objects.requireVersion(OPERATION, ObjectMetadata.of(OPERATION, from, blob), options.sourceVersion());
        BlobInfo properties = propertiesOf(blob, source, to);
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
        Rewrite rewrite = rewrite(OPERATION, from, object, source.version(), to, properties, condition);
        StoredBlob copied = new PublishingRequest<>(bucket, OPERATION, from, condition, handling).run(attempts -> {
            conditions.check(OPERATION, to, condition);
            return rewrite.run(attempts);
        });
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
        BlobInfo.Builder info = BlobInfo.newBuilder(bucket.name(), names.objectOf(Operation.COMPLETE_UPLOAD, to));
        describe(info, options.contentHeaders(), options.userMetadata());
        settings.storageClass().ifPresent(name -> info.setStorageClass(StorageClass.valueOf(name)));
        return rewrite(Operation.COMPLETE_UPLOAD, to, hidden, version, to, info.build(), options.precondition());
    }

    /**
     * Returns the properties of a copy: those of its source as they are, and not validated, as other programs may have
     * stored them.
     */
    private BlobInfo propertiesOf(Blob blob, BlobMetadata source, BlobKey to) throws BlobStoreException {
        BlobInfo.Builder info = BlobInfo.newBuilder(bucket.name(), names.objectOf(OPERATION, to));
        describe(info, source.contentHeaders(), source.userMetadata());
        settings.storageClass()
                .map(StorageClass::valueOf)
                .or(() -> Optional.ofNullable(blob.getStorageClass()))
                .ifPresent(info::setStorageClass);
        Optional.ofNullable(blob.getCustomTimeOffsetDateTime()).ifPresent(info::setCustomTimeOffsetDateTime);
        Optional.ofNullable(blob.getContexts()).ifPresent(info::setContexts);
        return info.build();
    }

    private static void describe(
            BlobInfo.Builder info, Map<String, String> contentHeaders, Map<String, String> userMetadata) {
        contentHeaders.forEach((name, value) -> {
            switch (name) {
                case "Content-Type" -> info.setContentType(value);
                case "Content-Encoding" -> info.setContentEncoding(value);
                case "Content-Language" -> info.setContentLanguage(value);
                case "Content-Disposition" -> info.setContentDisposition(value);
                case "Cache-Control" -> info.setCacheControl(value);
                default -> throw new IllegalStateException("no property of an object: " + name);
            }
        });
        if (!userMetadata.isEmpty()) {
            info.setMetadata(userMetadata);
        }
    }

    /**
     * Returns the copy of an object. The request has all properties of the copy, as missing ones are those of the
     * source in some cases, and those of the bucket in others.
     */
    private Rewrite rewrite(
            Operation operation,
            BlobKey key,
            String from,
            BlobVersion version,
            BlobKey to,
            BlobInfo properties,
            Precondition condition)
            throws BlobStoreException {
        List<BlobSourceOption> source = new ArrayList<>();
        List<BlobTargetOption> target = new ArrayList<>();
        source.add(BlobSourceOption.generationMatch(
                ObjectMetadata.generation(version).orElseThrow()));
        if (condition instanceof Precondition.IfMatch match) {
            target.add(BlobTargetOption.generationMatch(Generations.require(operation, to, match.version())));
        } else if (condition == Precondition.ifAbsent()) {
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
                .setTarget(properties, target)
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
