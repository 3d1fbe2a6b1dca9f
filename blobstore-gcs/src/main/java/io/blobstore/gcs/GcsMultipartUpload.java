package io.blobstore.gcs;

import com.google.cloud.storage.Blob;
import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.Storage.BlobSourceOption;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import io.blobstore.http.objects.AmbiguousOutcome;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.Conditions;
import io.blobstore.http.objects.HeadRequest;
import io.blobstore.spi.AbstractMultipartUpload;
import io.blobstore.spi.OpenUploads;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A multipart upload. Cloud Storage has no preconditions for multipart uploads. With a condition, the parts are
 * assembled to an object with a hidden name, which is then copied to the key by a conditional request that transfers no
 * content, so a blob that fails the condition is never overwritten. Without a condition, they are assembled at the key.
 */
final class GcsMultipartUpload extends AbstractMultipartUpload<GcsMultipartUpload.Sent> {
    private static final Operation OPERATION = Operation.COMPLETE_UPLOAD;
    private static final Logger LOG = LoggerFactory.getLogger(GcsMultipartUpload.class);

    private final BucketContext bucket;
    private final MultipartRequests.Upload remote;
    private final Storage client;
    private final GcsErrors errors;
    private final GcsObjectReader objects;
    private final Conditions conditions;
    private final StoreOptions options;
    private final Precondition condition;
    private final GcsCopy copy;

    /** The object that the parts were assembled to; null before. */
    private @Nullable Assembled assembled;
    /** Whether an earlier copy to the key may have taken effect although it failed. */
    private boolean copyUnknown;

    GcsMultipartUpload(
            BucketContext bucket,
            MultipartRequests.Upload remote,
            Storage client,
            GcsErrors errors,
            GcsObjectReader objects,
            Conditions conditions,
            PartLayout layout,
            StoreOptions options,
            GcsCopy copy,
            OpenUploads uploads) {
        super(remote.key(), layout, uploads);
        this.bucket = bucket;
        this.remote = remote;
        this.client = client;
        this.errors = errors;
        this.objects = objects;
        this.conditions = conditions;
        this.options = options;
        condition = options.precondition();
        this.copy = copy;
    }

    /** A part that was sent, as reported to the caller and as listed in the completion. */
    record Sent(UploadedPart part, MultipartRequests.Part remote) {}

    /** An object with the whole content. */
    private record Assembled(BlobVersion version, Optional<Crc32c> checksum) {}

    private boolean isHidden() {
        return condition != Precondition.none();
    }

    @Override
    public String id() {
        return remote.id();
    }

    @Override
    protected Sent send(int partNumber, BlobSource content) throws IOException {
        Crc32c checksum = bucket.translate(Operation.UPLOAD_PART, key(), () -> Crc32c.of(content));
        MultipartRequests.Part sent = remote.put(partNumber, content, checksum);
        return new Sent(UploadedPart.of(partNumber, content.size(), checksum), sent);
    }

    @Override
    protected UploadedPart describe(Sent part) {
        return part.part();
    }

    // ---- completion

    @Override
    protected StoredBlob publish(List<Sent> sent, Crc32c checksum) throws IOException {
        Assembled object = assembled;
        if (object == null) { // otherwise only the copy has to be repeated
            object = assemble(sent, checksum);
            assembled = object;
        }
        if (!isHidden()) {
            return StoredBlob.of(key(), layout().size(), object.version(), object.checksum());
        }
        StoredBlob published = copyToKey(object, checksum);
        try {
            deleteHidden();
        } catch (BlobStoreException e) {
            LOG.warn(
                    "The blob '{}' is stored, but its hidden object {} could not be deleted",
                    key(),
                    remote.object(),
                    e);
        }
        return published;
    }

    private Assembled assemble(List<Sent> sent, Crc32c checksum) throws IOException {
        MultipartRequests.Completed completed;
        try {
            completed = remote.complete(sent.stream().map(Sent::remote).toList());
        } catch (BlobStoreException e) {
            if (errors.isUploadGone(e)) { // for example because the response to an earlier completion was lost
                return find(checksum, e).orElseThrow(() -> e);
            }
            throw e;
        }
        if (completed.version().isPresent() && completed.checksum().isPresent()) {
            return verified(new Assembled(completed.version().get(), completed.checksum()), checksum, true);
        }
        Blob blob = objects.blob(OPERATION, key(), remote.object());
        Assembled object =
                new Assembled(ObjectMetadata.version(blob.getGeneration()), ObjectMetadata.checksum(blob.getCrc32c()));
        boolean ours = isHidden()
                || completed.version().filter(object.version()::equals).isPresent();
        return verified(object, checksum, ours);
    }

    /** Returns the object of a completion whose response was lost, if the completion took effect. */
    private Optional<Assembled> find(Crc32c checksum, BlobStoreException problem) throws BlobStoreException {
        HeadRequest head = (operation, key, wanted) ->
                ObjectMetadata.of(operation, key, objects.blob(operation, key, remote.object()));
        // No completion has a condition.
        return new AmbiguousOutcome(head)
                .findSent(OPERATION, key(), Precondition.none(), layout().size(), checksum, problem)
                .map(found -> new Assembled(found.version(), found.checksum()));
    }

    /**
     * Compares an object's checksum with that of the content. Deletes a corrupted object, by its generation.
     *
     * @param ours whether the object is certainly of this upload; an object of another writer is not deleted
     */
    private Assembled verified(Assembled object, Crc32c sent, boolean ours) throws IntegrityException {
        if (object.checksum().isEmpty() || object.checksum().get().equals(sent)) {
            return object;
        }
        IntegrityException problem = new IntegrityException(
                OPERATION,
                key(),
                "the server has stored " + object.checksum().get() + ", but " + sent + " was sent; "
                        + (ours ? "the object is removed; store it again" : "check the blob, and store it again"),
                null);
        if (ours) {
            try {
                delete(ObjectMetadata.generation(object.version()).orElseThrow());
            } catch (IOException e) {
                problem.addSuppressed(e);
            }
        }
        throw problem;
    }

    private StoredBlob copyToKey(Assembled object, Crc32c checksum) throws IOException {
        try {
            conditions.check(OPERATION, key(), condition);
        } catch (PreconditionFailedException e) {
            // perhaps because of the blob of an earlier copy
            return conditions.resolve(OPERATION, key(), condition, layout().size(), checksum, e, copyUnknown);
        }
        try {
            return copy.publish(remote.object(), object.version(), key(), layout().size(), options);
        } catch (BlobStoreException e) {
            copyUnknown |= errors.isOutcomeUnknown(e);
            return conditions.resolve(OPERATION, key(), condition, layout().size(), checksum, e, copyUnknown);
        }
    }

    // ---- cleanup

    /** Aborts first: until then, a completion whose response was lost may still create the hidden object. */
    @Override
    protected void discard() throws IOException {
        try {
            remote.abort();
        } catch (IOException e) {
            try {
                deleteHidden();
            } catch (IOException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
        deleteHidden();
    }

    private void deleteHidden() throws IOException {
        if (isHidden()) {
            bucket.free(key(), () -> client.delete(BlobId.of(bucket.name(), remote.object())), problem -> true);
        }
    }

    private void delete(long generation) throws IOException {
        BlobId id = BlobId.of(bucket.name(), remote.object(), generation);
        bucket.request(OPERATION, key(), () -> client.delete(id, BlobSourceOption.generationMatch()));
    }
}
