package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.MultipartUpload;
import io.blobstore.Operation;
import io.blobstore.StoreOptions;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.Conditions;
import io.blobstore.http.objects.ReceivedParts;
import io.blobstore.spi.OpenUploads;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.util.Optional;

/** Creates and resumes the multipart uploads of a store. Thread-safe. */
record MultipartUploads(
        BucketContext bucket,
        MultipartRequests multipart,
        Conditions conditions,
        S3Errors errors,
        OpenUploads uploads) {
    MultipartUpload create(BlobKey key, PartLayout layout, StoreOptions options) throws IOException {
        return uploads.create(() -> upload(
                multipart.create(Operation.CREATE_UPLOAD, Operation.COMPLETE_UPLOAD, key, S3Headers.metadata(options)),
                ReceivedParts.none(),
                layout,
                options));
    }

    /** Resumes an upload, which is kept from then on; empty if there is none. */
    Optional<MultipartUpload> resume(BlobKey key, String id, PartLayout layout, StoreOptions options)
            throws IOException {
        Optional<MultipartRequests.Resumed> resumed =
                multipart.resume(Operation.RESUME_UPLOAD, Operation.COMPLETE_UPLOAD, key, id);
        if (resumed.isEmpty()) {
            return Optional.empty();
        }
        MultipartUpload upload = upload(resumed.get().upload(), resumed.get().received(), layout, options);
        upload.keep();
        return Optional.of(upload);
    }

    private S3MultipartUpload upload(
            MultipartRequests.Upload remote, ReceivedParts received, PartLayout layout, StoreOptions options) {
        return new S3MultipartUpload(
                bucket, remote, received, layout, options.precondition(), conditions, errors, uploads);
    }
}
