package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.StoredBlob;
import io.blobstore.http.HttpResponse;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.ObjectHeaders;
import io.blobstore.http.objects.ObjectNames;
import io.blobstore.http.objects.ReceivedParts;
import io.blobstore.http.objects.UninterruptibleRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.AbortMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.ChecksumType;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.ListPartsRequest;

/** Sends the requests of multipart uploads: parts by the data plane, all others by the SDK. */
record MultipartRequests(
        BucketContext bucket,
        ObjectNames names,
        S3Client client,
        DataRequests data,
        S3Headers headers,
        S3Errors errors,
        boolean keepsChecksums) {
    /** The checksum that a server computes from those of the parts. */
    enum Mode {
        /** The checksum of the whole blob, which the server compares with the one in the completion. */
        FULL_OBJECT,
        /** A checksum of the parts' checksums. */
        COMPOSITE,
        /** No checksum. */
        NONE
    }

    /** A part that the server has received; the checksum is empty if it is not known. */
    record Part(int number, String etag, Optional<Crc32c> checksum) {}

    /**
     * Creates an upload, which the caller has to complete or abort.
     *
     * @param operation the operation for failures of this request
     * @param completion the operation for failures of the completion
     * @param properties metadata and other properties of the blob, as header fields
     */
    Upload create(Operation operation, Operation completion, BlobKey key, Map<String, String> properties)
            throws IOException {
        String object = names.objectOf(operation, key);
        CreateMultipartUploadRequest.Builder request = CreateMultipartUploadRequest.builder()
                .bucket(bucket.name())
                .key(object)
                .overrideConfiguration(S3Headers.override(headers.create(), properties));
        if (keepsChecksums) {
            request.checksumAlgorithm(ChecksumAlgorithm.CRC32_C).checksumType(ChecksumType.FULL_OBJECT);
        }
        CreateMultipartUploadResponse response = bucket.repeat(
                operation,
                key,
                () -> UninterruptibleRequest.run(
                        bucket,
                        () -> bucket.request(operation, key, () -> client.createMultipartUpload(request.build()))));
        String id = response.uploadId();
        if (id == null || id.isEmpty()) {
            throw ObjectHeaders.incomplete(operation, key, "upload id");
        }
        return new Upload(completion, key, object, id, mode(response.checksumAlgorithm(), response.checksumType()));
    }

    /** An upload of another object of this class, or of another process, and the parts that the server has of it. */
    record Resumed(Upload upload, ReceivedParts received) {}

    /**
     * Lists the parts of an upload, to go on with it; empty if it is gone, or has none: some servers list no parts of
     * an upload that is gone.
     *
     * @param operation the operation for failures of this request
     * @param completion the operation for failures of the completion
     */
    Optional<Resumed> resume(Operation operation, Operation completion, BlobKey key, String id) throws IOException {
        String object = names.objectOf(operation, key);
        ListPartsRequest.Builder request =
                ListPartsRequest.builder().bucket(bucket.name()).key(object).uploadId(id);
        ReceivedParts received;
        try {
            received = ReceivedParts.list(
                    operation,
                    key,
                    marker -> UnparsedListing.request(
                            bucket,
                            operation,
                            S3Headers.override(headers.any()),
                            configuration -> client.listParts(request.partNumberMarker(
                                            marker.map(Integer::valueOf).orElse(null))
                                    .overrideConfiguration(configuration)
                                    .build())));
        } catch (BlobStoreException e) {
            if (errors.isUploadGone(e)) {
                return Optional.empty();
            }
            throw e;
        }
        if (received.count() == 0) {
            return Optional.empty();
        }
        Mode mode = mode(
                ChecksumAlgorithm.fromValue(received.field("ChecksumAlgorithm").orElse(null)),
                ChecksumType.fromValue(received.field("ChecksumType").orElse(null)));
        return Optional.of(new Resumed(new Upload(completion, key, object, id, mode), received));
    }

    /** Aborts an upload; does nothing if it is gone. */
    void abort(BlobKey key, String id) throws IOException {
        Operation operation = Operation.ABORT_UPLOAD;
        new Upload(operation, key, names.objectOf(operation, key), id, Mode.NONE).abort();
    }

    /** Returns the same for uploads whose parts have no checksums. */
    MultipartRequests withoutChecksums() {
        return new MultipartRequests(bucket, names, client, data, headers, errors, false);
    }

    private Mode mode(@Nullable ChecksumAlgorithm algorithm, @Nullable ChecksumType type) {
        if (!keepsChecksums || algorithm != ChecksumAlgorithm.CRC32_C) {
            return Mode.NONE;
        }
        return type == ChecksumType.FULL_OBJECT ? Mode.FULL_OBJECT : Mode.COMPOSITE;
    }

    /** An upload that S3 identifies by its id. */
    final class Upload {
        private final Operation operation;
        private final BlobKey key;
        private final String object;
        private final String id;
        private final Mode mode;

        private Upload(Operation operation, BlobKey key, String object, String id, Mode mode) {
            this.operation = operation;
            this.key = key;
            this.object = object;
            this.id = id;
            this.mode = mode;
        }

        BlobKey key() {
            return key;
        }

        String object() {
            return object;
        }

        String id() {
            return id;
        }

        /** Sends a part, which the server compares with the checksum. */
        Part put(int number, BlobSource content, Crc32c checksum) throws IOException {
            Map<String, String> fields = S3Headers.merge(headers.part(), headers.checksum(checksum));
            Map<String, String> query = Map.of("partNumber", "" + number, "uploadId", id);
            HttpResponse response =
                    bucket.request(Operation.UPLOAD_PART, key, () -> data.put(object, query, fields, content));
            PutObject.received(Operation.UPLOAD_PART, key, response, checksum);
            String etag = VersionTag.of(response.headers())
                    .map(VersionTag::etag)
                    .orElseThrow(() -> ObjectHeaders.incomplete(Operation.UPLOAD_PART, key, "ETag"));
            return new Part(number, etag, Optional.of(checksum));
        }

        /**
         * Completes the upload with one request, which makes the blob visible.
         *
         * @param parts all parts, in order
         * @param checksum the checksum of the whole blob, if known
         */
        StoredBlob complete(List<Part> parts, Optional<Crc32c> checksum, long size, Precondition condition)
                throws IOException {
            CompleteMultipartUploadRequest.Builder request = CompleteMultipartUploadRequest.builder()
                    .bucket(bucket.name())
                    .key(object)
                    .uploadId(id)
                    .multipartUpload(upload ->
                            upload.parts(parts.stream().map(this::completed).toList()))
                    .overrideConfiguration(S3Headers.override(headers.part(), S3Headers.condition(condition)));
            if (mode == Mode.FULL_OBJECT) {
                request.checksumType(ChecksumType.FULL_OBJECT).mpuObjectSize(size);
                checksum.ifPresent(whole -> request.checksumCRC32C(whole.base64()));
            }
            CompleteMultipartUploadResponse response =
                    bucket.request(operation, key, () -> client.completeMultipartUpload(request.build()));
            VersionTag tag = VersionTag.of(response.eTag(), response.versionId())
                    .orElseThrow(() -> new BlobStoreException(
                            operation, key, "the server's response to the completion is cut off", null, true));
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

        /** Compares what the server reports with what was sent, and returns the checksum of the whole blob. */
        private Optional<Crc32c> confirmed(@Nullable String reported, List<Part> parts, Optional<Crc32c> checksum)
                throws IntegrityException {
            Optional<Crc32c> stored = Optional.ofNullable(reported).flatMap(Crc32c::ofBase64);
            if (stored.isPresent() && checksum.isPresent() && !stored.equals(checksum)) {
                throw different(stored.get().toString(), checksum.get().toString());
            }
            if (reported != null
                    && stored.isEmpty()
                    && parts.stream().allMatch(part -> part.checksum().isPresent())) {
                String composite = composite(parts);
                if (!reported.equals(composite) && reported.endsWith("-" + parts.size())) {
                    throw different(reported, composite);
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

        /** Returns the checksum of the parts' checksums, as S3 writes it. */
        private static String composite(List<Part> parts) {
            ByteBuffer bytes = ByteBuffer.allocate(parts.size() * Integer.BYTES);
            parts.forEach(
                    part -> bytes.putInt(part.checksum().map(Crc32c::value).orElse(0)));
            return Crc32c.of(bytes.flip()).base64() + "-" + parts.size();
        }

        /** Aborts the upload, so that the server deletes its parts. Succeeds if the upload is already gone. */
        void abort() throws IOException {
            try {
                bucket.free(key, this::sendAbort);
            } catch (BlobStoreException e) {
                if (!errors.isUploadGone(e)) {
                    throw e;
                }
            }
        }

        private AbortMultipartUploadResponse sendAbort() throws BlobStoreException {
            AbortMultipartUploadResponse response = client.abortMultipartUpload(request -> request.bucket(bucket.name())
                    .key(object)
                    .uploadId(id)
                    .overrideConfiguration(S3Headers.override(headers.any())));
            S3Deletion.requireEmptyBody(Operation.ABORT_UPLOAD, key, response.sdkHttpResponse());
            return response;
        }

        /** Omits the upload's id, which is of no use in a message. */
        @Override
        public String toString() {
            return "Upload[" + key + "]";
        }
    }
}
