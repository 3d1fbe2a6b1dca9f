package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.CopyOptions;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.StoredBlob;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.Conditions;
import io.blobstore.http.objects.ObjectHeaders;
import io.blobstore.http.objects.ObjectNames;
import io.blobstore.http.objects.PublishingRequest;
import io.blobstore.http.objects.SentContent;
import io.blobstore.spi.Checksums;
import io.blobstore.spi.OpenUploads;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CopyObjectRequest;
import software.amazon.awssdk.services.s3.model.CopyObjectResponse;
import software.amazon.awssdk.services.s3.model.MetadataDirective;
import software.amazon.awssdk.services.s3.model.TaggingDirective;
import software.amazon.awssdk.services.s3.model.UploadPartCopyResponse;

/**
 * Copies blobs inside the bucket: with one request, or part by part if the blob is too large for one. What a copy keeps
 * is in {@link S3BlobStore}. What no request copies by itself is read with the HEAD of the source, and sent again as it
 * was received, without being validated: other programs may have stored it.
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
        S3Tags tags,
        OpenUploads uploads,
        S3Settings settings,
        Limits limits) {
    private static final Operation OPERATION = Operation.COPY;

    /** An ETag that is the MD5 of the content, unless it is encrypted: then the ETags of equal blobs differ. */
    private static final Pattern MD5 = Pattern.compile("\"[0-9a-fA-F]{32}\"");

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
        S3ObjectReader.Found found = objects.find(OPERATION, from, options.sourceVersion());
        BlobMetadata source = found.metadata();
        if (source.size() > S3BlobStore.CAPABILITIES.maxBlobSize()) {
            throw ObjectHeaders.contradictory(
                    OPERATION, from, "a size of " + source.size() + " bytes is more than an object can have");
        }
        if (options.precondition() == Precondition.none() && source.size() <= limits.largest()) {
            return copyAtOnce(found, to);
        }
        Map<String, String> properties = S3Headers.merge(
                S3Headers.metadata(found.header()), headers.properties(found.header()), tags.ofCopy(source));
        if (source.size() > 0) {
            try {
                return copyInParts(requests, source, to, properties, options.precondition());
            } catch (BlobStoreException e) {
                if (!requests.keepsChecksums() || !errors.code(e).equals("InvalidArgument")) {
                    throw e;
                }
                // MinIO computes no checksum of a part that it copies, and refuses it in an upload with checksums.
                return copyInParts(requests.withoutChecksums(), source, to, properties, options.precondition());
            }
        }
        return put.run(to, BlobSource.of(), properties, options.precondition()); // an upload has at least one part
    }

    private StoredBlob copyAtOnce(S3ObjectReader.Found found, BlobKey to) throws IOException {
        BlobMetadata source = found.metadata();
        // S3 refuses a copy onto itself that changes nothing, and accepts the same metadata as a change.
        boolean replaces = source.key().equals(to);
        CopyObjectRequest.Builder request = CopyObjectRequest.builder()
                .sourceBucket(bucket.name())
                .sourceKey(names.objectOf(OPERATION, source.key()))
                .destinationBucket(bucket.name())
                .destinationKey(names.objectOf(OPERATION, to))
                .copySourceIfMatch(VersionTag.of(source.version()).etag())
                .metadataDirective(replaces ? MetadataDirective.REPLACE : MetadataDirective.COPY)
                .overrideConfiguration(S3Headers.override(
                        headers.create(),
                        headers.source(),
                        headers.properties(found.header()),
                        replaces ? S3Headers.metadata(found.header()) : Map.of()));
        if (!settings.tags().isEmpty()) {
            request.taggingDirective(TaggingDirective.REPLACE);
        }
        if (settings.keepsChecksums()) {
            request.checksumAlgorithm(ChecksumAlgorithm.CRC32_C);
        }
        return new PublishingRequest<>(bucket, OPERATION, source.key(), Precondition.none(), found(source, to))
                .run(attempts -> copied(source, to, request.build()));
    }

    /** Recognizes a copy whose response was lost. */
    private PublishingRequest.Handling<StoredBlob> found(BlobMetadata source, BlobKey to) {
        String etag = VersionTag.of(source.version()).etag();
        SentContent sent = new SentContent(
                source.size(),
                source.checksum(),
                version -> MD5.matcher(etag).matches()
                        && etag.equals(VersionTag.of(version).etag()));
        return problem -> conditions.find(OPERATION, to, Precondition.none(), sent, problem);
    }

    /** Sends the request for a copy. */
    private StoredBlob copied(BlobMetadata source, BlobKey to, CopyObjectRequest request) throws IOException {
        CopyObjectResponse response = bucket.request(OPERATION, source.key(), () -> client.copyObject(request));
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
            MultipartRequests requests,
            BlobMetadata source,
            BlobKey to,
            Map<String, String> properties,
            Precondition condition)
            throws IOException {
        MultipartRequests.Upload upload =
                uploads.create(() -> requests.create(OPERATION, OPERATION, to, properties), created -> created::abort);
        try {
            List<MultipartRequests.Part> parts = new ArrayList<>();
            long partSize = Math.max(
                    limits.leastPartSize(), -Math.floorDiv(-source.size(), S3BlobStore.CAPABILITIES.maxParts()));
            for (long offset = 0; offset < source.size(); offset += partSize) {
                parts.add(
                        copyPart(upload, source, parts.size() + 1, offset, Math.min(partSize, source.size() - offset)));
            }
            StoredBlob copied = new Completion(bucket, errors, conditions, OPERATION, to, condition)
                    .run(upload, parts, source.checksum(), source.size());
            Checksums.requireCopied(OPERATION, source, copied.checksum());
            return copied;
        } catch (IOException | RuntimeException | Error e) {
            try {
                uploads.abort(upload);
            } catch (IOException | RuntimeException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        } finally {
            uploads.remove(upload);
        }
    }

    private MultipartRequests.Part copyPart(
            MultipartRequests.Upload upload, BlobMetadata source, int number, long offset, long length)
            throws IOException {
        PublishingRequest.Handling<UploadPartCopyResponse> unfindable = problem -> Optional.empty();
        UploadPartCopyResponse response = new PublishingRequest<>(
                        bucket, OPERATION, source.key(), Precondition.none(), unfindable)
                .run(attempts -> bucket.request(
                        OPERATION,
                        source.key(),
                        () -> client.uploadPartCopy(request -> request.sourceBucket(bucket.name())
                                .sourceKey(names.prefix() + source.key())
                                .destinationBucket(bucket.name())
                                .destinationKey(upload.object())
                                .uploadId(upload.id())
                                .partNumber(number)
                                .copySourceRange("bytes=" + offset + "-" + (offset + length - 1))
                                .copySourceIfMatch(
                                        VersionTag.of(source.version()).etag())
                                .overrideConfiguration(S3Headers.override(headers.part(), headers.source())))));
        if (response.copyPartResult() == null) {
            throw ObjectHeaders.incomplete(OPERATION, source.key(), "result");
        }
        VersionTag tag = VersionTag.of(response.copyPartResult().eTag(), null)
                .orElseThrow(() -> ObjectHeaders.incomplete(OPERATION, source.key(), "ETag"));
        return new MultipartRequests.Part(
                number,
                tag.etag(),
                Optional.ofNullable(response.copyPartResult().checksumCRC32C()).flatMap(Crc32c::ofBase64));
    }
}
