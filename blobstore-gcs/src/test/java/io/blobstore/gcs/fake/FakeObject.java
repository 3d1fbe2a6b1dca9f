package io.blobstore.gcs.fake;

import io.blobstore.Crc32c;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;

/**
 * An object in a {@link FakeGcs}.
 *
 * @param content the fake's own array, not to be changed
 * @param hashes of what was stored; see {@link FakeGcs#damage}
 * @param updated when the object was stored
 */
public record FakeObject(
        String bucket,
        String name,
        byte[] content,
        long generation,
        Hashes hashes,
        Attributes attributes,
        Instant updated) {

    /** Returns the number of bytes. */
    public long size() {
        return content.length;
    }

    /** Returns the CRC32C of what was stored. */
    public Crc32c crc32c() {
        return hashes.crc32c();
    }

    /** Returns the MD5 in base64; empty for an object that was uploaded in parts. */
    public Optional<String> md5() {
        return hashes.md5();
    }

    /** Returns the content type. */
    public Optional<String> contentType() {
        return attributes.contentType();
    }

    /** Returns the user's metadata. */
    public Map<String, String> metadata() {
        return attributes.metadata();
    }

    /** Returns the storage class. */
    public String storageClass() {
        return attributes.storageClass();
    }

    /** Returns the name of the Cloud KMS key that the object is encrypted with. */
    public Optional<String> kmsKeyName() {
        return attributes.kmsKeyName();
    }

    /** Returns the SHA-256, in base64, of the customer's key that the object is encrypted with. */
    public Optional<String> customerKeySha256() {
        return attributes.keySha256();
    }

    String jsonEtag() {
        return Base64.getEncoder().encodeToString(Request.utf8("g" + generation));
    }

    String xmlEtag() {
        return "\"" + hashes.md5Hex().orElse("-" + jsonEtag()) + "\"";
    }

    FakeObject withContent(byte[] other) {
        return new FakeObject(bucket, name, other, generation, hashes, attributes, updated);
    }

    /** Omits the content, which may be large, and the metadata, which may be secret. */
    @Override
    public String toString() {
        return "FakeObject[gs://" + bucket + "/" + name + "#" + generation + ", " + content.length + " bytes]";
    }
}
