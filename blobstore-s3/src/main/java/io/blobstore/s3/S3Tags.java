package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.PermissionDeniedException;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.ObjectNames;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectTaggingRequest;
import software.amazon.awssdk.services.s3.model.Tag;

/** Reads the tags of blobs. No other request returns them, and only a copy with one request copies them by itself. */
record S3Tags(
        BucketContext bucket,
        ObjectNames names,
        S3Client client,
        S3Headers headers,
        S3Errors errors,
        S3Settings settings) {
    private static final Operation OPERATION = Operation.COPY;

    /** The statuses and codes of servers, or buckets, that have no tags. */
    private static final Set<Integer> UNSUPPORTED = Set.of(405, 501);

    private static final Set<String> NONE =
            Set.of("NoSuchTagSet", "NoSuchTagSetError", "NotImplemented", "MethodNotAllowed");

    /**
     * Returns the tags of a blob as a header field of a request that stores its copy. Reads none if the settings have
     * tags, which replace them.
     *
     * @throws PermissionDeniedException if the tags must not be read; S3 refuses a copy with one request as well then
     */
    Map<String, String> ofCopy(BlobMetadata source) throws IOException {
        if (!settings.tags().isEmpty()) {
            return Map.of();
        }
        BlobKey key = source.key();
        GetObjectTaggingRequest.Builder request = GetObjectTaggingRequest.builder()
                .bucket(bucket.name())
                .key(names.objectOf(OPERATION, key))
                .overrideConfiguration(S3Headers.override(headers.any()));
        VersionTag.of(source.version()).versionId().ifPresent(request::versionId);
        List<Tag> found;
        try {
            found = bucket.call(
                    OPERATION,
                    key,
                    () -> client.getObjectTagging(request.build()).tagSet());
        } catch (PermissionDeniedException e) {
            throw new PermissionDeniedException(
                    OPERATION,
                    key,
                    "its tags cannot be read, so the copy would lose them; allow s3:GetObjectTagging and"
                            + " s3:PutObjectTagging, or set the store's own tags, which replace them",
                    e);
        } catch (BlobStoreException e) {
            if (UNSUPPORTED.contains(errors.status(e)) || NONE.contains(errors.code(e))) {
                return Map.of();
            }
            throw e;
        }
        Map<String, String> tags = new TreeMap<>();
        found.forEach(tag -> tags.put(tag.key(), tag.value()));
        return S3Headers.tags(tags);
    }
}
