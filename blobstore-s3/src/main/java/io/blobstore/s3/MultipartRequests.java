package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.http.Failures;
import io.blobstore.spi.UninterruptibleRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.AbortMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.ChecksumType;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadResponse;

/**
 * A multipart upload as S3 knows it, and the requests that begin and end it.
 *
 * @param operation the operation that errors of the completion name
 * @param object the name in the bucket
 * @param mode what the server makes of the parts' checksums
 */
record MultipartRequests(S3Context bucket, Operation operation, BlobKey key, String object, String id, Mode mode) {
    /** What a server makes of the parts' checksums. */
    enum Mode {
        /** The checksum of the whole, which it compares with ours. */
        FULL_OBJECT,
        /** A checksum of the parts' checksums. */
        COMPOSITE,
        /** Nothing. */
        NONE
    }

    /** A part that the server has; the checksum is left out where it is not known. */
    record Part(int number, String etag, Optional<Crc32c> checksum) {}

    static MultipartRequests create(
            S3Context bucket, Operation operation, Operation completion, BlobKey key, StoreOptions options)
            throws IOException {
        String object = bucket.objectOf(operation, key);
        Map<String, String> fields =
                S3Headers.merge(bucket.headers().create(), S3Headers.userMetadata(options.userMetadata()));
        CreateMultipartUploadRequest.Builder request = CreateMultipartUploadRequest.builder()
                .bucket(bucket.name())
                .key(object)
                .overrideConfiguration(S3Context.with(fields));
        options.contentType().ifPresent(request::contentType);
        if (bucket.settings().keepsChecksums()) {
            request.checksumAlgorithm(ChecksumAlgorithm.CRC32_C).checksumType(ChecksumType.FULL_OBJECT);
        }
        CreateMultipartUploadResponse response = UninterruptibleRequest.run(
                () -> bucket.request(operation, key, () -> bucket.client().createMultipartUpload(request.build())));
        String id = response.uploadId();
        if (id == null || id.isEmpty()) {
            throw ObjectMetadata.incomplete(operation, key, "upload id");
        }
        return new MultipartRequests(bucket, completion, key, object, id, mode(bucket, response));
    }

    private static Mode mode(S3Context bucket, CreateMultipartUploadResponse response) {
        if (!bucket.settings().keepsChecksums() || response.checksumAlgorithm() != ChecksumAlgorithm.CRC32_C) {
            return Mode.NONE;
        }
        return response.checksumType() == ChecksumType.FULL_OBJECT ? Mode.FULL_OBJECT : Mode.COMPOSITE;
    }

    /**
     * Makes the blob visible.
     *
     * @param checksum of the whole
     * @param condition header fields
     */
    StoredBlob complete(List<Part> parts, Optional<Crc32c> checksum, long size, Map<String, String> condition)
            throws IOException {
        CompleteMultipartUploadRequest.Builder request = CompleteMultipartUploadRequest.builder()
                .bucket(bucket.name())
                .key(object)
                .uploadId(id)
                .multipartUpload(upload ->
                        upload.parts(parts.stream().map(this::completed).toList()))
                .overrideConfiguration(
                        S3Context.with(S3Headers.merge(bucket.headers().part(), condition)));
        if (mode == Mode.FULL_OBJECT) {
            request.checksumType(ChecksumType.FULL_OBJECT).mpuObjectSize(size);
            checksum.ifPresent(whole -> request.checksumCRC32C(whole.base64()));
        }
        CompleteMultipartUploadResponse response =
                bucket.request(operation, key, () -> bucket.client().completeMultipartUpload(request.build()));
        VersionTag tag = VersionTag.of(response.eTag(), response.versionId())
                .orElseThrow(() -> new BlobStoreException(
                        operation, key, "the server's answer to the completion is cut off", null, true));
        return StoredBlob.of(key, size, tag.version(), confirmed(response.checksumCRC32C(), parts, checksum));
    }

    private CompletedPart completed(Part part) {
        CompletedPart.Builder completed =
                CompletedPart.builder().partNumber(part.number()).eTag(part.etag());
        if (mode != Mode.NONE) {
            part.checksum().ifPresent(crc -> completed.checksumCRC32C(crc.base64()));
        }
        return completed.build();
    }

    /** What the server says it has, compared with what was sent. */
    private Optional<Crc32c> confirmed(@Nullable String answer, List<Part> parts, Optional<Crc32c> checksum)
            throws IntegrityException {
        Optional<Crc32c> stored = Optional.ofNullable(answer).flatMap(Crc32c::ofBase64);
        if (stored.isPresent() && checksum.isPresent() && !stored.equals(checksum)) {
            throw different(stored.get().toString(), checksum.get().toString());
        }
        if (answer != null
                && stored.isEmpty()
                && parts.stream().allMatch(part -> part.checksum().isPresent())) {
            String composite = composite(parts);
            if (!answer.equals(composite) && answer.endsWith("-" + parts.size())) {
                throw different(answer, composite);
            }
        }
        return mode == Mode.FULL_OBJECT ? stored.or(() -> checksum) : Optional.empty();
    }

    private IntegrityException different(String stored, String sent) {
        return new IntegrityException(
                operation,
                key,
                "the server has stored " + stored + ", but " + sent + " was sent; store it again",
                null);
    }

    /** The checksum of the parts' checksums, as S3 writes it. */
    private static String composite(List<Part> parts) {
        ByteBuffer bytes = ByteBuffer.allocate(parts.size() * Integer.BYTES);
        parts.forEach(part -> bytes.putInt(part.checksum().map(Crc32c::value).orElse(0)));
        return Crc32c.of(bytes.flip()).base64() + "-" + parts.size();
    }

    /**
     * Frees what the server keeps. An upload that is gone already is fine. What the SDK has repeated is not repeated
     * here; it may be a client that repeats nothing, or that has failed too often lately to do it.
     */
    void abort() throws IOException {
        try {
            UninterruptibleRequest.free(this::free, problem -> !Failures.isSilent(problem) && !wasRepeated(problem));
        } catch (BlobStoreException e) {
            if (!S3Errors.code(e).equals("NoSuchUpload")) {
                throw e;
            }
        }
    }

    private void free() throws IOException {
        AbortMultipartUploadResponse response = bucket.request(
                Operation.ABORT_UPLOAD,
                key,
                () -> bucket.client()
                        .abortMultipartUpload(request -> request.bucket(bucket.name())
                                .key(object)
                                .uploadId(id)
                                .overrideConfiguration(
                                        S3Context.with(bucket.headers().any()))));
        S3Deletion.requireNothingSaid(Operation.ABORT_UPLOAD, key, response.sdkHttpResponse());
    }

    /**
     * Whether a completion that failed so may have happened: then the upload is gone, or its blob is what the condition
     * meets.
     */
    static boolean mayHaveHappened(BlobStoreException problem, boolean lostBefore) {
        return S3Errors.code(problem).equals("NoSuchUpload")
                || ((lostBefore || wasRepeated(problem))
                        && (problem instanceof PreconditionFailedException || Conditions.isConflict(problem)));
    }

    /**
     * Whether the SDK has sent a request more than once before it failed: then the last failure tells nothing of the
     * others.
     */
    static boolean wasRepeated(BlobStoreException problem) {
        return problem.getCause() instanceof SdkException sdk && sdk.numAttempts() != null && sdk.numAttempts() > 1;
    }

    /** The upload's id is no secret, but of no use to readers either. */
    @Override
    public String toString() {
        return "MultipartRequests[" + key + "]";
    }
}
