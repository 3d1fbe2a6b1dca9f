package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreNotFoundException;
import io.blobstore.http.HttpHeaders;
import io.blobstore.http.ResponseHandler;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.HeaderText;
import io.blobstore.http.objects.ObjectHeaders;
import io.blobstore.http.objects.ObjectNames;
import io.blobstore.http.objects.ObjectReader;
import io.blobstore.http.objects.SizeRequest;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.s3.S3Client;

/** Reads objects with GET, and their metadata with HEAD requests of the SDK. Both responses have the same fields. */
record S3ObjectReader(
        BucketContext bucket,
        ObjectNames names,
        S3Client client,
        DataRequests data,
        S3Headers headers,
        S3Errors errors,
        boolean keepsChecksums)
        implements ObjectReader {
    /** The statuses of responses to HEAD that may be due to the bucket or the credentials as well as to the blob. */
    private static final Set<Integer> UNEXPLAINED = Set.of(301, 307, 400, 401, 403, 404);

    // ---- metadata

    /**
     * An object, and the header that describes it.
     *
     * @param header as the server has sent it, with fields that {@code metadata} has not
     */
    record Found(BlobMetadata metadata, HttpHeaders header) {}

    @Override
    public BlobMetadata head(Operation operation, BlobKey key, Optional<BlobVersion> wanted) throws IOException {
        return find(operation, key, wanted).metadata();
    }

    /** Sends a HEAD request. */
    Found find(Operation operation, BlobKey key, Optional<BlobVersion> wanted) throws IOException {
        String object = names.objectOf(operation, key);
        Map<String, String> condition = condition(wanted);
        SdkHttpResponse response;
        try {
            response = bucket.call(
                    operation,
                    key,
                    () -> client.headObject(request -> request.bucket(bucket.name())
                                    .key(object)
                                    .overrideConfiguration(S3Headers.override(headers.read(), condition)))
                            .sdkHttpResponse());
        } catch (BlobStoreException e) {
            int status = errors.status(e);
            boolean mayHaveChanged = status == 400 || !bucket.isConfirmed(); // credentials expire
            if (mayHaveChanged && UNEXPLAINED.contains(status)) {
                requireBucket(operation, key);
            }
            throw e;
        }
        HttpHeaders.Builder fields = HttpHeaders.builder();
        response.forEachHeader((name, values) -> values.forEach(value -> fields.addReceived(name, value)));
        HttpHeaders received = fields.build();
        Optional<Long> length = received.number("Content-Length");
        BlobMetadata found = requireVersion(operation, metadata(operation, key, received, length.orElse(0L)), wanted);
        long size = length.isPresent() ? length.get() : SizeRequest.send(this, errors, operation, key, found.version());
        ObjectHeaders.repeatsSize(operation, key, received, sizeField(), size);
        return new Found(
                length.isPresent() ? found : found.toBuilder().size(size).build(), received);
    }

    private static Map<String, String> condition(Optional<BlobVersion> wanted) {
        return wanted.map(version ->
                        Map.of(S3Headers.IF_MATCH, VersionTag.of(version).etag()))
                .orElse(Map.of());
    }

    /**
     * Throws the exception of a listing if that explains why a HEAD failed. A response to HEAD has no body that
     * explains whether the blob, the bucket, the region or the credentials are the problem; a response to a listing has
     * one.
     */
    private void requireBucket(Operation operation, BlobKey key) throws IOException {
        try {
            bucket.call(
                    operation,
                    key,
                    () -> client.listObjectsV2(request -> request.bucket(bucket.name())
                            .prefix(names.prefix())
                            .maxKeys(1)
                            .overrideConfiguration(S3Headers.override(headers.any()))));
        } catch (BlobStoreException e) {
            if (errors.status(e) == 404 && errors.code(e).isEmpty()) {
                throw new StoreNotFoundException(operation, key, errors.noBucket(), e);
            }
            if (!errors.code(e).equals("AccessDenied")) { // a policy may allow reading without listing
                throw e;
            }
        }
    }

    private static BlobMetadata metadata(Operation operation, BlobKey key, HttpHeaders headers, long size)
            throws BlobStoreException {
        VersionTag tag = VersionTag.of(headers).orElseThrow(() -> ObjectHeaders.incomplete(operation, key, "ETag"));
        return ObjectHeaders.metadata(
                operation,
                key,
                headers,
                size,
                tag.version(),
                checksum(headers),
                S3Headers.USER_METADATA,
                HeaderText::decodeWords);
    }

    /** Returns the CRC32C of the whole content; empty if there is only a composite one of the parts' checksums. */
    private static Optional<Crc32c> checksum(HttpHeaders headers) {
        if (headers.first(S3Headers.CHECKSUM_TYPE).filter("COMPOSITE"::equals).isPresent()) {
            return Optional.empty();
        }
        return headers.first(S3Headers.CHECKSUM).flatMap(Crc32c::ofBase64);
    }

    // ---- content

    @Override
    public void get(BlobKey key, Optional<BlobVersion> wanted, Optional<String> range, ResponseHandler handler)
            throws IOException {
        String object = names.objectOf(Operation.READ, key);
        Map<String, String> fields = new TreeMap<>(S3Headers.merge(headers.read(), condition(wanted)));
        range.ifPresent(value -> fields.put("Range", value));
        bucket.request(Operation.READ, key, () -> data.get(object, fields, handler));
    }

    @Override
    public BlobMetadata describe(BlobKey key, HttpHeaders received, long size) throws BlobStoreException {
        return metadata(Operation.READ, key, received, size);
    }

    /** A field of uploads in chunks, which some gateways keep. */
    @Override
    public String sizeField() {
        return "x-amz-decoded-content-length";
    }

    /** Without checksums, two numbers are better than one. */
    @Override
    public Optional<String> rangeOfWhole() {
        return keepsChecksums ? Optional.empty() : Optional.of("bytes=0-");
    }

    @Override
    public boolean matches(BlobVersion wanted, BlobVersion actual) {
        return VersionTag.of(wanted).matches(VersionTag.of(actual));
    }

    /**
     * Returns the checksum of the whole blob after a read of a range. With a range, some servers send the checksum of
     * the whole blob, some that of the range, and some none. If the range is the whole blob, the first two are equal,
     * and a HEAD returns the checksum if there is none.
     */
    @Override
    public Optional<Crc32c> checksumOfPartial(BlobMetadata blob, boolean whole) throws IOException {
        if (!whole) {
            return Optional.empty();
        }
        if (blob.checksum().isPresent() || !keepsChecksums) {
            return blob.checksum();
        }
        try {
            return head(Operation.READ, blob.key(), Optional.of(blob.version())).checksum();
        } catch (PreconditionFailedException | BlobNotFoundException e) {
            throw new BlobStoreException(
                    Operation.READ, blob.key(), "the blob was replaced while it was read", e, true);
        }
    }
}
