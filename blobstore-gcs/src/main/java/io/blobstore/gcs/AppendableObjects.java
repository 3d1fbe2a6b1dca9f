package io.blobstore.gcs;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.StoreCapabilities;
import io.blobstore.StoreCapabilities.Support;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.gcs.grpc.GrpcWrites;
import io.blobstore.gcs.grpc.ObjectAttributes;
import io.blobstore.gcs.grpc.ObjectWriter;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.Conditions;
import java.io.IOException;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the objects of a zonal bucket, which are all appendable. A blob is stored by appending it to an object with a
 * hidden name, which is finalized and then moved to the key: readers never see a part of it, and a blob that it
 * replaces stays until then.
 */
record AppendableObjects(
        BucketContext bucket,
        GcsObjectNames names,
        GcsSettings settings,
        ContentTransport transport,
        Conditions conditions) {
    /** Zonal buckets have no multipart uploads, and an object is written by one stream. */
    static final StoreCapabilities CAPABILITIES = StoreCapabilities.builder()
            .multipart(false)
            .maxBlobSize(GcsBlobStore.CAPABILITIES.maxBlobSize())
            .conditionalStore(Support.NATIVE)
            .presign(Support.NATIVE)
            .build();

    private static final Logger LOG = LoggerFactory.getLogger(AppendableObjects.class);
    private static final int BUFFER = 1 << 20;

    /** See {@link GcsBlobStore#createAppendableUpload}. */
    AppendableUpload create(BlobKey key, StoreOptions options) throws IOException {
        requireGrpc(Operation.CREATE_UPLOAD, key);
        Precondition condition = options.precondition();
        String object = names.objectOf(Operation.CREATE_UPLOAD, key);
        ObjectAttributes attributes = attributes(options, Generations.of(Operation.CREATE_UPLOAD, key, condition));
        try {
            return new AppendableUpload(
                    bucket,
                    key,
                    bucket.request(
                            Operation.CREATE_UPLOAD,
                            key,
                            () -> transport.writes().create(Operation.CREATE_UPLOAD, key, object, attributes)));
        } catch (BlobStoreException e) {
            throw conditions.explain(Operation.CREATE_UPLOAD, key, condition, e);
        }
    }

    /** See {@link GcsBlobStore#resumeAppendableUpload}. */
    AppendableUpload resume(BlobKey key, long generation) throws IOException {
        if (generation <= 0) {
            throw new IllegalArgumentException("a generation is positive; got " + generation);
        }
        requireGrpc(Operation.APPEND, key);
        String object = names.objectOf(Operation.APPEND, key);
        ObjectWriter writer = bucket.request(
                Operation.APPEND,
                key,
                () -> AppendableUpload.fenced(
                        () -> transport.writes().resume(Operation.APPEND, key, object, generation)));
        return new AppendableUpload(bucket, key, writer);
    }

    private void requireGrpc(Operation operation, BlobKey key) throws IOException {
        if (!transport.isGrpc(operation, key)) {
            throw new UnsupportedTransportException(
                    operation, key, "objects that grow need a zonal bucket, and transport=grpc or auto");
        }
    }

    /** See {@link io.blobstore.BlobStore#store}. */
    StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
        Operation operation = Operation.STORE;
        Precondition condition = options.precondition();
        String object = names.objectOf(operation, key);
        String hidden = names.hiddenObject(UUID.randomUUID().toString(), key);
        Optional<Long> ifGeneration = Generations.of(operation, key, condition);
        GrpcWrites writes = transport.writes();
        ObjectWriter writer = bucket.request(
                operation, key, () -> writes.create(operation, key, hidden, attributes(options, Optional.empty())));
        boolean stored = false;
        try {
            StoredBlob result = bucket.request(operation, key, () -> {
                long[] more = {content.size()};
                content.forEachBuffer(BUFFER, buffer -> {
                    more[0] -= buffer.remaining();
                    writer.append(operation, buffer, more[0]);
                });
                bucket.moved(content.size(), 0);
                return writes.move(operation, hidden, writer.finish(operation), object, ifGeneration);
            });
            stored = true;
            return result;
        } catch (BlobStoreException e) {
            throw conditions.explain(operation, key, condition, e);
        } finally {
            if (!stored) {
                writer.abort();
                deleteHidden(writes, key, hidden, writer.generation());
            }
        }
    }

    private void deleteHidden(GrpcWrites writes, BlobKey key, String hidden, long generation) {
        boolean interrupted = Thread.interrupted();
        try {
            writes.delete(Operation.STORE, key, hidden, generation);
        } catch (IOException | RuntimeException e) {
            LOG.warn("{}: the hidden object '{}' of a failed store remains: {}", bucket, hidden, e.getMessage());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private ObjectAttributes attributes(StoreOptions options, Optional<Long> ifGeneration) {
        return new ObjectAttributes(options, settings.storageClass(), settings.kmsKey(), ifGeneration);
    }
}
