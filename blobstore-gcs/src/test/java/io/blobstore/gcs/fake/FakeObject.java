package io.blobstore.gcs.fake;

import java.time.Instant;

/**
 * An object in a {@link FakeGcs}.
 *
 * @param content the array of the fake, which must not be modified
 * @param hashes the checksums of the content that was stored, which {@link FakeGcs#damage} does not change
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

    String etag() {
        return "\"" + hashes.md5Hex().orElse("-" + generation) + "\"";
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
