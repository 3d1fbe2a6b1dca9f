package io.blobstore.gcs.fake;

import io.blobstore.Crc32c;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * An object as a {@link FakeGcs} keeps it.
 *
 * @param content the fake's own array, not to be changed
 * @param crc32c of what was stored; see {@link FakeGcs#damage}
 * @param md5 base64; empty for an object that was uploaded in parts
 * @param contentEncoding what it was stored with, such as {@code gzip}
 * @param customerKeySha256 base64, of the customer's key it is encrypted with
 * @param updated when it was stored
 */
public record FakeObject(
        String bucket,
        String name,
        byte[] content,
        long generation,
        Crc32c crc32c,
        Optional<String> md5,
        Optional<String> contentType,
        Optional<String> contentEncoding,
        Map<String, String> metadata,
        String storageClass,
        Optional<String> kmsKeyName,
        Optional<String> customerKeySha256,
        Instant updated) {

    /** Number of bytes. */
    public long size() {
        return content.length;
    }

    Attributes attributes() {
        return new Attributes(contentType, contentEncoding, metadata, storageClass, kmsKeyName, customerKeySha256);
    }

    FakeObject withContent(byte[] other) {
        return new FakeObject(
                bucket,
                name,
                other,
                generation,
                crc32c,
                md5,
                contentType,
                contentEncoding,
                metadata,
                storageClass,
                kmsKeyName,
                customerKeySha256,
                updated);
    }

    /** Without content, which may be large, and metadata, which may be secret. */
    @Override
    public String toString() {
        return "FakeObject[gs://" + bucket + "/" + name + "#" + generation + ", " + content.length + " bytes]";
    }
}
