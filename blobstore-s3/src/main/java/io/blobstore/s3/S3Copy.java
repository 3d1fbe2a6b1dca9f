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
import io.blobstore.spi.Checksums;
import io.blobstore.spi.OpenUploads;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CopyObjectRequest;
import software.amazon.awssdk.services.s3.model.CopyObjectResponse;
import software.amazon.awssdk.services.s3.model.MetadataDirective;
import software.amazon.awssdk.services.s3.model.TaggingDirective;
import software.amazon.awssdk.services.s3.model.UploadPartCopyResponse;

/**
 * Copies inside the bucket: by one request, or part by part where the blob is too large for one. Metadata is that of
 * the version which is copied; storage class, encryption and tags are those of the store's settings.
 *
 * <p>With a condition on the target it is done in parts too: S3 has learnt conditions on copies long after those on
 * completions, and servers that have not ignore them in silence.
 */
final class S3Copy {
    private static final Operation OPERATION = Operation.COPY;

    private final S3Context bucket;
    private final Conditions conditions;
    private final PutObject put;
    private final OpenUploads uploads;
    private final long largest;
    private final long leastPartSize;

    /**
     * Makes one.
     *
     * @param largest what one request copies
     * @param leastPartSize how much one request copies of a larger blob; more if there would be too many parts
     */
    S3Copy(
            S3Context bucket,
            Conditions conditions,
            PutObject put,
            OpenUploads uploads,
            long largest,
            long leastPartSize) {
        this.bucket = bucket;
        this.conditions = conditions;
        this.put = put;
        this.uploads = uploads;
        this.largest = largest;
        this.leastPartSize = leastPartSize;
    }

    StoredBlob run(BlobKey from, BlobKey to, CopyOptions options) throws IOException {
        bucket.objectOf(OPERATION, to);
        BlobMetadata source = bucket.head(OPERATION, from, options.sourceVersion());
        if (options.precondition() == Precondition.none() && source.size() <= largest) {
            return copyAtOnce(source, to);
        }
        if (source.size() > 0) {
            return copyInParts(source, to, options.precondition());
        }
        StoreOptions stored = StoreOptions.builder()
                .metadataOf(source)
                .precondition(options.precondition())
                .build();
        return put.run(to, BlobSource.of(), stored); // nothing has no parts
    }

    private StoredBlob copyAtOnce(BlobMetadata source, BlobKey to) throws IOException {
        Map<String, String> fields = S3Headers.merge(
                bucket.headers().create(), bucket.headers().source(), S3Headers.userMetadata(source.userMetadata()));
        CopyObjectRequest.Builder request = CopyObjectRequest.builder()
                .sourceBucket(bucket.name())
                .sourceKey(bucket.objectOf(OPERATION, source.key()))
                .destinationBucket(bucket.name())
                .destinationKey(bucket.objectOf(OPERATION, to))
                .copySourceIfMatch(VersionTag.of(source.version()).etag())
                // Said anew even where it stays the same: S3 refuses a copy onto itself that changes nothing.
                .metadataDirective(MetadataDirective.REPLACE)
                .overrideConfiguration(S3Context.with(fields));
        source.contentType().ifPresent(request::contentType);
        if (!bucket.settings().tags().isEmpty()) {
            request.taggingDirective(TaggingDirective.REPLACE);
        }
        if (bucket.settings().keepsChecksums()) {
            request.checksumAlgorithm(ChecksumAlgorithm.CRC32_C);
        }
        CopyObjectResponse response =
                bucket.request(OPERATION, source.key(), () -> bucket.client().copyObject(request.build()));
        if (response.copyObjectResult() == null) {
            throw ObjectMetadata.incomplete(OPERATION, to, "result");
        }
        VersionTag tag = VersionTag.of(response.copyObjectResult().eTag(), response.versionId())
                .orElseThrow(() -> ObjectMetadata.incomplete(OPERATION, to, "ETag"));
        Optional<Crc32c> copied = Optional.ofNullable(
                        response.copyObjectResult().checksumCRC32C())
                .flatMap(Crc32c::ofBase64);
        Checksums.requireCopied(OPERATION, source, copied);
        return StoredBlob.of(to, source.size(), tag.version(), copied);
    }

    private StoredBlob copyInParts(BlobMetadata source, BlobKey to, Precondition condition) throws IOException {
        StoreOptions stored = StoreOptions.builder()
                .metadataOf(source)
                .precondition(condition)
                .build();
        MultipartRequests upload = uploads.create(
                () -> MultipartRequests.create(bucket, OPERATION, OPERATION, to, stored), created -> created::abort);
        try {
            List<MultipartRequests.Part> parts = new ArrayList<>();
            long partSize =
                    Math.max(leastPartSize, -Math.floorDiv(-source.size(), S3BlobStore.CAPABILITIES.maxParts()));
            for (long offset = 0; offset < source.size(); offset += partSize) {
                parts.add(
                        copyPart(upload, source, parts.size() + 1, offset, Math.min(partSize, source.size() - offset)));
            }
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
            MultipartRequests upload, List<MultipartRequests.Part> parts, BlobMetadata source, Precondition condition)
            throws IOException {
        try {
            return upload.complete(parts, source.checksum(), source.size(), S3Headers.condition(condition));
        } catch (BlobStoreException e) {
            boolean unknown = condition != Precondition.none() && Conditions.isOutcomeUnknown(e);
            if (source.checksum().isPresent() && (unknown || MultipartRequests.mayHaveHappened(e, false))) {
                Optional<StoredBlob> found = conditions.findSent(
                        OPERATION,
                        upload.key(),
                        condition,
                        source.size(),
                        source.checksum().get(),
                        e);
                if (found.isPresent()) {
                    return found.get();
                }
            }
            throw conditions.explain(OPERATION, upload.key(), condition, e);
        }
    }

    private MultipartRequests.Part copyPart(
            MultipartRequests upload, BlobMetadata source, int number, long offset, long length) throws IOException {
        UploadPartCopyResponse response = bucket.request(
                OPERATION,
                source.key(),
                () -> bucket.client()
                        .uploadPartCopy(request -> request.sourceBucket(bucket.name())
                                .sourceKey(bucket.settings().prefix() + source.key())
                                .destinationBucket(bucket.name())
                                .destinationKey(upload.object())
                                .uploadId(upload.id())
                                .partNumber(number)
                                .copySourceRange("bytes=" + offset + "-" + (offset + length - 1))
                                .copySourceIfMatch(
                                        VersionTag.of(source.version()).etag())
                                .overrideConfiguration(S3Context.with(S3Headers.merge(
                                        bucket.headers().part(),
                                        bucket.headers().source())))));
        if (response.copyPartResult() == null || response.copyPartResult().eTag() == null) {
            throw ObjectMetadata.incomplete(OPERATION, source.key(), "ETag");
        }
        return new MultipartRequests.Part(
                number,
                response.copyPartResult().eTag(),
                Optional.ofNullable(response.copyPartResult().checksumCRC32C()).flatMap(Crc32c::ofBase64));
    }
}
