package io.blobstore.gcs;

import com.google.cloud.storage.Blob;
import com.google.cloud.storage.BlobId;
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
import io.blobstore.spi.AbstractMultipartUpload;
import io.blobstore.spi.AmbiguousOutcome;
import io.blobstore.spi.OpenUploads;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An upload in parts. Cloud Storage knows no condition for one: with a condition it ends under a hidden name, and is
 * then copied to its key, which takes the condition and moves no byte; so nothing is ever overwritten that must not be.
 * Without, it ends at its key.
 */
final class GcsMultipartUpload extends AbstractMultipartUpload<GcsMultipartUpload.Sent> {
    private static final Operation OPERATION = Operation.COMPLETE_UPLOAD;
    private static final Logger LOG = LoggerFactory.getLogger(GcsMultipartUpload.class);

    private final GcsContext bucket;
    private final MultipartRequests remote;
    private final StoreOptions options;
    private final Precondition condition;
    private final GcsCopy copy;

    /** What the parts have become; null before they have. */
    private @Nullable Assembled assembled;
    /** Whether a copy to the key may have happened although its answer says otherwise, or is lost. */
    private boolean copyUnknown;

    GcsMultipartUpload(
            GcsContext bucket,
            MultipartRequests remote,
            PartLayout layout,
            StoreOptions options,
            GcsCopy copy,
            OpenUploads uploads) {
        super(remote.key(), layout, uploads);
        this.bucket = bucket;
        this.remote = remote;
        this.options = options;
        condition = options.precondition();
        this.copy = copy;
    }

    /** A part, and what the server calls it. */
    record Sent(UploadedPart part, MultipartRequests.Part remote) {}

    /** An object that holds the content. */
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
        Crc32c checksum = bucket.translating(Operation.UPLOAD_PART, key(), () -> Crc32c.of(content));
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
        if (object == null) { // else the parts were put together before, and only the rest is to be done again
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
            LOG.warn("The blob '{}' is stored, but {} is left over in the bucket", key(), remote.object(), e);
        }
        return published;
    }

    private Assembled assemble(List<Sent> sent, Crc32c checksum) throws IOException {
        MultipartRequests.Completed completed;
        try {
            completed = remote.complete(sent.stream().map(Sent::remote).toList());
        } catch (BlobStoreException e) {
            if (MultipartRequests.isGone(e)) { // as it is after a completion whose answer was lost
                return find(checksum, e).orElseThrow(() -> e);
            }
            throw e;
        }
        if (completed.version().isPresent() && completed.checksum().isPresent()) {
            return verified(new Assembled(completed.version().get(), completed.checksum()), checksum, true);
        }
        Blob blob = bucket.get(OPERATION, key(), remote.object());
        Assembled object =
                new Assembled(ObjectMetadata.version(blob.getGeneration()), ObjectMetadata.checksum(blob.getCrc32c()));
        boolean ours = isHidden()
                || completed.version().filter(object.version()::equals).isPresent();
        return verified(object, checksum, ours);
    }

    /** What a completion whose answer was lost has made. */
    private Optional<Assembled> find(Crc32c checksum, BlobStoreException problem) throws BlobStoreException {
        return AmbiguousOutcome.findSent(
                        OPERATION,
                        key(),
                        Precondition.none(), // where the parts are put together, there is none
                        layout().size(),
                        checksum,
                        () -> ObjectMetadata.of(OPERATION, key(), bucket.get(OPERATION, key(), remote.object())),
                        problem)
                .map(found -> new Assembled(found.version(), found.checksum()));
    }

    /**
     * Compares what the server has with what was sent. What is wrong is removed, by its generation.
     *
     * @param ours whether it is certain that the object comes of this upload; otherwise it is left to whoever stored it
     */
    private Assembled verified(Assembled object, Crc32c sent, boolean ours) throws IntegrityException {
        if (object.checksum().isEmpty() || object.checksum().get().equals(sent)) {
            return object;
        }
        IntegrityException problem = new IntegrityException(
                OPERATION,
                key(),
                "the server has stored " + object.checksum().get() + ", but " + sent + " was sent; "
                        + (ours ? "it is removed; store it again" : "look at the blob, and store it again"),
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
            return copy.publish(remote.object(), object.version(), key(), layout().size(), options);
        } catch (BlobStoreException e) {
            BlobStoreException explained = Conditions.explain(OPERATION, key(), condition, e);
            boolean mayHaveHappened = copyUnknown || GcsErrors.isOutcomeUnknown(e);
            copyUnknown = mayHaveHappened;
            if (mayHaveHappened) {
                return bucket.findSent(OPERATION, key(), condition, layout().size(), checksum, explained);
            }
            throw explained;
        }
    }

    // ---- what is left over

    /** The hidden object comes second: before that, a completion whose answer was lost may still be under way. */
    @Override
    protected void discard() throws IOException {
        try {
            remote.abort();
        } catch (IOException e) {
            try {
                deleteHidden();
            } catch (IOException besides) {
                e.addSuppressed(besides);
            }
            throw e;
        }
        deleteHidden();
    }

    private void deleteHidden() throws IOException {
        if (isHidden()) {
            bucket.free(key(), () -> bucket.client().delete(bucket.id(remote.object())));
        }
    }

    private void delete(long generation) throws IOException {
        BlobId id = BlobId.of(bucket.name(), remote.object(), generation);
        bucket.request(OPERATION, key(), () -> bucket.client().delete(id, BlobSourceOption.generationMatch()));
    }
}
