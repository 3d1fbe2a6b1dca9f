package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.PreconditionFailedException;
import io.blobstore.http.HttpHeaders;
import io.blobstore.http.ResponseText;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import software.amazon.awssdk.http.SdkHttpResponse;

/** A blob's metadata, as the header fields of HEAD and GET say it: one reading for both, so that both say the same. */
record ObjectMetadata(VersionTag tag, BlobMetadata blob) {
    /** Header fields, of whichever client. */
    interface Fields {
        Optional<String> first(String name);

        void forEach(BiConsumer<String, String> visitor);
    }

    /** Fields that the transport received. */
    record TransportFields(HttpHeaders headers) implements Fields {
        @Override
        public Optional<String> first(String name) {
            return headers.first(name);
        }

        @Override
        public void forEach(BiConsumer<String, String> visitor) {
            headers.forEach(visitor);
        }
    }

    /** Fields that the SDK received. */
    record SdkFields(SdkHttpResponse response) implements Fields {
        @Override
        public Optional<String> first(String name) {
            return response.firstMatchingHeader(name);
        }

        @Override
        public void forEach(BiConsumer<String, String> visitor) {
            response.forEachHeader((name, values) -> values.forEach(value -> visitor.accept(name, value)));
        }
    }

    /** Reads the fields of an answer to HEAD. */
    static ObjectMetadata of(Operation operation, BlobKey key, Fields fields) throws BlobStoreException {
        Optional<Long> size = fields.first("Content-Length").flatMap(ObjectMetadata::number);
        return of(operation, key, fields, size.orElseThrow(() -> incomplete(operation, key, "Content-Length")));
    }

    /** Reads the fields of an answer about a blob whose size is said elsewhere. */
    static ObjectMetadata of(Operation operation, BlobKey key, Fields fields, long size) throws BlobStoreException {
        VersionTag tag = VersionTag.of(
                        fields.first("ETag").orElse(null),
                        fields.first(S3Headers.VERSION_ID).orElse(null))
                .orElseThrow(() -> incomplete(operation, key, "ETag"));
        Instant modified = fields.first("Last-Modified")
                .flatMap(ResponseText::date)
                .orElseThrow(() -> incomplete(operation, key, "Last-Modified"));
        Map<String, String> user = new TreeMap<>();
        fields.forEach((name, value) -> {
            String field = name.toLowerCase(Locale.ROOT);
            if (field.startsWith(S3Headers.USER_METADATA)) {
                user.merge(field.substring(S3Headers.USER_METADATA.length()), value, (a, b) -> a + "," + b);
            }
        });
        BlobMetadata blob = BlobMetadata.builder(key, size, tag.version(), modified)
                .checksum(checksum(fields))
                .contentType(fields.first("Content-Type"))
                .userMetadata(user)
                .build();
        return new ObjectMetadata(tag, blob);
    }

    /** The same, if it is a wanted version. */
    ObjectMetadata requireVersion(Operation operation, Optional<BlobVersion> wanted)
            throws PreconditionFailedException {
        if (wanted.isPresent() && !VersionTag.of(wanted.get()).matches(tag)) {
            throw new PreconditionFailedException(
                    operation, blob.key(), "its version is " + tag.version() + " and not " + wanted.get(), null);
        }
        return this;
    }

    /** The CRC32C of the whole content: not one that is made of the parts' checksums. */
    private static Optional<Crc32c> checksum(Fields fields) {
        if (fields.first(S3Headers.CHECKSUM_TYPE).filter("COMPOSITE"::equals).isPresent()) {
            return Optional.empty();
        }
        return fields.first(S3Headers.CHECKSUM).flatMap(Crc32c::ofBase64);
    }

    /** A number of bytes. */
    static Optional<Long> number(String text) {
        boolean digits = !text.isEmpty() && text.length() <= 18 && text.chars().allMatch(c -> c >= '0' && c <= '9');
        return digits ? Optional.of(Long.parseLong(text)) : Optional.empty();
    }

    /** An answer that lacks what S3 always says. */
    static BlobStoreException incomplete(Operation operation, BlobKey key, String field) {
        return new BlobStoreException(
                operation,
                key,
                "the server's answer has no valid " + field + "; is the endpoint one of an S3 store?",
                null,
                false);
    }
}
