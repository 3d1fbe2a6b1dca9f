package io.blobstore.gcs;

import com.google.cloud.storage.Storage;
import io.blobstore.BlobKey;
import io.blobstore.MultipartUpload;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.StoreOptions;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.Conditions;
import io.blobstore.http.objects.ReceivedParts;
import io.blobstore.spi.OpenUploads;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.util.Optional;
import java.util.UUID;

/**
 * Creates and resumes the multipart uploads of a store: to an object that the key names, or with a precondition to a
 * hidden one, which is published when the upload is completed. Thread-safe.
 */
record MultipartUploads(
        BucketContext bucket,
        GcsObjectNames names,
        Storage client,
        MultipartRequests multipart,
        GcsErrors errors,
        GcsObjectReader objects,
        GcsObjectReader lookups,
        Conditions conditions,
        GcsCopy copy,
        OpenUploads uploads) {
    MultipartUpload create(BlobKey key, PartLayout layout, StoreOptions options) throws IOException {
        Precondition condition = options.precondition();
        if (condition instanceof Precondition.IfMatch match) {
            Generations.require(Operation.CREATE_UPLOAD, key, match.version());
        }
        String atKey = names.objectOf(Operation.CREATE_UPLOAD, key);
        String object = condition == Precondition.none()
                ? atKey
                : names.hiddenObject(UUID.randomUUID().toString(), key);
        return uploads.create(
                () -> upload(multipart.create(key, object, options), ReceivedParts.none(), layout, options));
    }

    /**
     * Resumes an upload, which is kept from then on; empty if there is none, or if it is of another kind than the one
     * that these options create.
     */
    Optional<MultipartUpload> resume(BlobKey key, String id, PartLayout layout, StoreOptions options)
            throws IOException {
        GcsObjectNames.Target target = names.target(Operation.RESUME_UPLOAD, key, id);
        boolean hidden = !target.object().equals(names.objectOf(Operation.RESUME_UPLOAD, key));
        if (target.unpublished() || hidden == (options.precondition() == Precondition.none())) {
            return Optional.empty();
        }
        Optional<MultipartRequests.Resumed> resumed = multipart.resume(key, target.object(), target.serverId());
        if (resumed.isEmpty()) {
            return Optional.empty();
        }
        MultipartUpload upload = upload(resumed.get().upload(), resumed.get().received(), layout, options);
        upload.keep();
        return Optional.of(upload);
    }

    private GcsMultipartUpload upload(
            MultipartRequests.Upload remote, ReceivedParts received, PartLayout layout, StoreOptions options) {
        return new GcsMultipartUpload(
                bucket,
                names,
                remote,
                received,
                client,
                errors,
                objects,
                lookups,
                conditions,
                layout,
                options,
                copy,
                uploads);
    }
}
