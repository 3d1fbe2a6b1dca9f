package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.StoredBlob;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.Conditions;
import io.blobstore.http.objects.PublishingRequest;
import io.blobstore.http.objects.SentContent;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * The completion of a multipart upload, until its outcome is known. If a response is lost, the blob is recognized by
 * its size and its CRC32C, or else by the ETag that follows from those of the parts. Not thread-safe.
 */
final class Completion implements PublishingRequest.Handling<StoredBlob> {
    private final S3Errors errors;
    private final Conditions conditions;
    private final Operation operation;
    private final BlobKey key;
    private final Precondition condition;
    private final PublishingRequest<StoredBlob> request;
    private SentContent sent = new SentContent(0, Optional.empty(), version -> false);

    /**
     * Creates a completion that has not been sent.
     *
     * @param operation the operation for failures
     */
    Completion(
            BucketContext bucket,
            S3Errors errors,
            Conditions conditions,
            Operation operation,
            BlobKey key,
            Precondition condition) {
        this.errors = errors;
        this.conditions = conditions;
        this.operation = operation;
        this.key = key;
        this.condition = condition;
        request = new PublishingRequest<>(bucket, operation, key, condition, this);
    }

    /**
     * Completes an upload. May be called again after a failure.
     *
     * @param parts all parts, in order
     * @param checksum the checksum of the whole blob, if known
     */
    StoredBlob run(
            MultipartRequests.Upload upload, List<MultipartRequests.Part> parts, Optional<Crc32c> checksum, long size)
            throws IOException {
        sent = new SentContent(size, checksum, version -> MultipartEtag.proves(version, parts));
        return request.run(attempts -> {
            conditions.check(operation, key, condition);
            return upload.complete(parts, checksum, size, condition);
        });
    }

    @Override
    public Optional<StoredBlob> find(BlobStoreException problem) throws IOException {
        return conditions.find(operation, key, condition, sent, problem);
    }

    @Override
    public boolean isGone(BlobStoreException problem) {
        return errors.isUploadGone(problem);
    }

    @Override
    public BlobStoreException explain(BlobStoreException problem) {
        return conditions.explain(operation, key, condition, problem);
    }
}
