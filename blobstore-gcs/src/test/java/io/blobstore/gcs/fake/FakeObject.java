package io.blobstore.gcs.fake;

import java.time.Instant;
import java.util.Base64;

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
