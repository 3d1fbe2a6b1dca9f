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
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import io.blobstore.http.objects.AmbiguousOutcome;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.Conditions;
import io.blobstore.http.objects.HeadRequest;
import io.blobstore.http.objects.PublishingRequest;
import io.blobstore.http.objects.ReceivedParts;
import io.blobstore.http.objects.SentContent;
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
    private final GcsObjectNames names;
    private final MultipartRequests.Upload remote;
    private final ReceivedParts received;
    private final Storage client;
    private final GcsErrors errors;
    private final GcsObjectReader objects;
    private final GcsObjectReader lookups;
    private final Conditions conditions;
    private final StoreOptions options;
    private final Precondition condition;
    private final GcsCopy copy;

    /** What is completed. */
    private SentContent content = SentContent.of(0, Crc32c.EMPTY);
    /** The object that the parts were assembled to; null before. */
    private @Nullable Assembled assembled;

    private final PublishingRequest<Assembled> assembly;
    private final PublishingRequest<StoredBlob> publication;

    GcsMultipartUpload(
            BucketContext bucket,
            GcsObjectNames names,
            MultipartRequests.Upload remote,
            ReceivedParts received,
            Storage client,
            GcsErrors errors,
            GcsObjectReader objects,
            GcsObjectReader lookups,
            Conditions conditions,
            PartLayout layout,
            StoreOptions options,
            GcsCopy copy,
            OpenUploads uploads) {
        super(remote.key(), layout, uploads);
        this.bucket = bucket;
        this.names = names;
        this.remote = remote;
        this.received = received;
        this.client = client;
        this.errors = errors;
        this.objects = objects;
        this.lookups = lookups;
        this.conditions = conditions;
        this.options = options;
        condition = options.precondition();
        this.copy = copy;
        // No completion has a condition.
        assembly = new PublishingRequest<>(bucket, OPERATION, key(), Precondition.none(), new Assembly());
        publication = new PublishingRequest<>(bucket, OPERATION, key(), condition, new Publication());
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
        return names.uploadId(remote.object(), remote.id());
    }

    @Override
    protected Sent send(int partNumber, BlobSource content) throws IOException {
        Crc32c checksum = bucket.translate(Operation.UPLOAD_PART, key(), () -> Crc32c.of(content));
        MultipartRequests.Part sent = remote.put(partNumber, content, checksum);
        return new Sent(UploadedPart.of(partNumber, content.size(), checksum), sent);
    }

    @Override
    protected Optional<Sent> received(int partNumber, BlobSource content) throws IOException {
        if (!received.has(partNumber)) {
            return Optional.empty();
        }
        return bucket.translate(Operation.RESUME_UPLOAD, key(), () -> {
            Crc32c checksum = Crc32c.of(content);
            return received.take(partNumber, content, checksum)
                    .map(part -> new Sent(
                            UploadedPart.of(partNumber, content.size(), checksum),
                            new MultipartRequests.Part(partNumber, part.etag())));
        });
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
            content = SentContent.of(layout().size(), checksum);
            object = assembly.run(attempts -> assemble(sent, checksum));
            assembled = object;
        }
        if (!isHidden()) {
            return StoredBlob.of(key(), layout().size(), object.version(), object.checksum());
        }
        GcsCopy.Rewrite rewrite = copy.publication(remote.object(), object.version(), key(), options);
        StoredBlob published = publication.run(attempts -> {
            conditions.check(OPERATION, key(), condition);
            return rewrite.run(attempts);
        });
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
        MultipartRequests.Completed completed =
                remote.complete(sent.stream().map(Sent::remote).toList());
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

    /** Recognizes the object of a completion whose response was lost, if the completion took effect. */
    private final class Assembly implements PublishingRequest.Handling<Assembled> {
        @Override
        public Optional<Assembled> find(BlobStoreException problem) throws IOException {
            HeadRequest head = (operation, key, wanted) ->
                    ObjectMetadata.of(operation, key, lookups.blob(operation, key, remote.object()));
            return new AmbiguousOutcome(head)
                    .findSent(OPERATION, key(), Precondition.none(), content, problem)
                    .map(found -> new Assembled(found.version(), found.checksum()));
        }

        @Override
        public boolean isGone(BlobStoreException problem) {
            return errors.isUploadGone(problem);
        }
    }

    /** Recognizes the blob of a conditional copy to the key whose response was lost. */
    private final class Publication implements PublishingRequest.Handling<StoredBlob> {
        @Override
        public Optional<StoredBlob> find(BlobStoreException problem) throws IOException {
            return conditions.find(OPERATION, key(), condition, content, problem);
        }

        @Override
        public BlobStoreException explain(BlobStoreException problem) {
            return conditions.explain(OPERATION, key(), condition, problem);
        }
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
            bucket.free(key(), () -> client.delete(BlobId.of(bucket.name(), remote.object())));
        }
    }

    private void delete(long generation) throws IOException {
        BlobId id = BlobId.of(bucket.name(), remote.object(), generation);
        bucket.call(OPERATION, key(), () -> client.delete(id, BlobSourceOption.generationMatch()));
    }
}
