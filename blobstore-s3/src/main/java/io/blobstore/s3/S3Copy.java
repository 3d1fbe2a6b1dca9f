package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.CopyOptions;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.Conditions;
import io.blobstore.http.objects.ObjectHeaders;
import io.blobstore.http.objects.ObjectNames;
import io.blobstore.spi.Checksums;
import io.blobstore.spi.OpenUploads;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CopyObjectRequest;
import software.amazon.awssdk.services.s3.model.CopyObjectResponse;
import software.amazon.awssdk.services.s3.model.MetadataDirective;
import software.amazon.awssdk.services.s3.model.TaggingDirective;
import software.amazon.awssdk.services.s3.model.UploadPartCopyResponse;

/**
 * Copies blobs inside the bucket: with one request, or part by part if the blob is too large for one. The copy has the
 * metadata of the version that is copied, and the storage class, encryption and tags of the store's settings.
 *
 * <p>A copy with a condition on the target is made in parts too: S3 added conditions on copies long after conditions on
 * completions, and servers without them ignore them silently.
 */
record S3Copy(
        BucketContext bucket,
        ObjectNames names,
        S3Client client,
        S3Headers headers,
        S3Errors errors,
        S3ObjectReader objects,
        Conditions conditions,
        MultipartRequests requests,
        PutObject put,
        OpenUploads uploads,
        S3Settings settings,
        Limits limits) {
    private static final Operation OPERATION = Operation.COPY;

    /**
     * The sizes that determine how a blob is copied, in bytes.
     *
     * @param largest the largest blob that is copied with one request
     * @param leastPartSize the size of the parts of a larger blob; larger if there would be too many parts
     */
    record Limits(long largest, long leastPartSize) {}

    /** Copies a blob. */
    StoredBlob run(BlobKey from, BlobKey to, CopyOptions options) throws IOException {
        names.objectOf(OPERATION, to);
        BlobMetadata source = objects.head(OPERATION, from, options.sourceVersion());
        if (options.precondition() == Precondition.none() && source.size() <= limits.largest()) {
            return copyAtOnce(source, to);
        }
        if (source.size() > 0) {
            try {
                return copyInParts(requests, source, to, options.precondition());
            } catch (BlobStoreException e) {
                if (!requests.keepsChecksums() || !errors.code(e).equals("InvalidArgument")) {
                    throw e;
                }
                // MinIO computes no checksum of a part that it copies, and refuses it in an upload with checksums.
                return copyInParts(requests.withoutChecksums(), source, to, options.precondition());
            }
        }
        StoreOptions stored = StoreOptions.builder()
                .metadataOf(source)
                .precondition(options.precondition())
                .build();
        return put.run(to, BlobSource.of(), stored); // an upload has at least one part
    }

    private StoredBlob copyAtOnce(BlobMetadata source, BlobKey to) throws IOException {
        CopyObjectRequest.Builder request = CopyObjectRequest.builder()
                .sourceBucket(bucket.name())
                .sourceKey(names.objectOf(OPERATION, source.key()))
                .destinationBucket(bucket.name())
                .destinationKey(names.objectOf(OPERATION, to))
                .copySourceIfMatch(VersionTag.of(source.version()).etag())
                // Sent even if it does not change: S3 refuses a copy onto itself that changes nothing.
                .metadataDirective(MetadataDirective.REPLACE)
                .overrideConfiguration(S3Headers.override(
                        headers.create(), headers.source(), S3Headers.userMetadata(source.userMetadata())));
        source.contentType().ifPresent(request::contentType);
        if (!settings.tags().isEmpty()) {
            request.taggingDirective(TaggingDirective.REPLACE);
        }
        if (settings.keepsChecksums()) {
            request.checksumAlgorithm(ChecksumAlgorithm.CRC32_C);
        }
        CopyObjectResponse response = bucket.request(OPERATION, source.key(), () -> client.copyObject(request.build()));
        if (response.copyObjectResult() == null) {
            throw ObjectHeaders.incomplete(OPERATION, to, "result");
        }
        VersionTag tag = VersionTag.of(response.copyObjectResult().eTag(), response.versionId())
                .orElseThrow(() -> ObjectHeaders.incomplete(OPERATION, to, "ETag"));
        Optional<Crc32c> copied = Optional.ofNullable(
                        response.copyObjectResult().checksumCRC32C())
                .flatMap(Crc32c::ofBase64);
        Checksums.requireCopied(OPERATION, source, copied);
        return StoredBlob.of(to, source.size(), tag.version(), copied);
    }

    private StoredBlob copyInParts(
            MultipartRequests requests, BlobMetadata source, BlobKey to, Precondition condition) throws IOException {
        StoreOptions stored = StoreOptions.builder()
                .metadataOf(source)
                .precondition(condition)
                .build();
        MultipartRequests.Upload upload =
                uploads.create(() -> requests.create(OPERATION, OPERATION, to, stored), created -> created::abort);
        try {
            List<MultipartRequests.Part> parts = new ArrayList<>();
            long partSize = Math.max(
                    limits.leastPartSize(), -Math.floorDiv(-source.size(), S3BlobStore.CAPABILITIES.maxParts()));
            for (long offset = 0; offset < source.size(); offset += partSize) {
                parts.add(
                        copyPart(upload, source, parts.size() + 1, offset, Math.min(partSize, source.size() - offset)));
            }
            conditions.check(OPERATION, to, condition);
            StoredBlob copied = complete(upload, parts, source, condition);
            Checksums.requireCopied(OPERATION, source, copied.checksum());
            return copied;
        } catch (IOException | RuntimeException | Error e) {
            try {
                upload.abort();
            } catch (IOException | RuntimeException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        } finally {
            uploads.remove(upload);
        }
    }

    private StoredBlob complete(
            MultipartRequests.Upload upload,
            List<MultipartRequests.Part> parts,
            BlobMetadata source,
            Precondition condition)
            throws IOException {
        try {
            return upload.complete(parts, source.checksum(), source.size(), condition);
        } catch (BlobStoreException e) {
            boolean mayHaveHappened =
                    errors.mayBeCompleted(e, false) || (condition != Precondition.none() && errors.isOutcomeUnknown(e));
            Crc32c checksum = source.checksum().orElse(Crc32c.EMPTY);
            return conditions.resolve(
                    OPERATION,
                    upload.key(),
                    condition,
                    source.size(),
                    checksum,
                    e,
                    mayHaveHappened && source.checksum().isPresent());
        }
    }

    private MultipartRequests.Part copyPart(
            MultipartRequests.Upload upload, BlobMetadata source, int number, long offset, long length)
            throws IOException {
        UploadPartCopyResponse response = bucket.request(
                OPERATION,
                source.key(),
                () -> client.uploadPartCopy(request -> request.sourceBucket(bucket.name())
                        .sourceKey(names.prefix() + source.key())
                        .destinationBucket(bucket.name())
                        .destinationKey(upload.object())
                        .uploadId(upload.id())
                        .partNumber(number)
                        .copySourceRange("bytes=" + offset + "-" + (offset + length - 1))
                        .copySourceIfMatch(VersionTag.of(source.version()).etag())
                        .overrideConfiguration(S3Headers.override(headers.part(), headers.source()))));
        if (response.copyPartResult() == null || response.copyPartResult().eTag() == null) {
            throw ObjectHeaders.incomplete(OPERATION, source.key(), "ETag");
        }
        return new MultipartRequests.Part(
                number,
                response.copyPartResult().eTag(),
                Optional.ofNullable(response.copyPartResult().checksumCRC32C()).flatMap(Crc32c::ofBase64));
    }
}
