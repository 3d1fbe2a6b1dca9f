package io.blobstore.split.oci;

import io.blobstore.Sha256;
import java.util.Map;
import java.util.Optional;

/**
 * A reference to a blob: its type, digest and size. Immutable.
 *
 * @param mediaType the type of the content
 * @param digest the SHA-256 of the blob
 * @param size the size of the blob, in bytes
 * @param platform the platform of an image; empty if it is not said here
 * @param annotations further properties
 */
public record OciDescriptor(
        String mediaType, Sha256 digest, long size, Optional<OciPlatform> platform, Map<String, String> annotations) {
    /** Creates a descriptor, which copies the annotations. */
    public OciDescriptor {
        annotations = Map.copyOf(annotations);
    }
}
