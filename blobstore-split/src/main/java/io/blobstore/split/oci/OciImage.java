package io.blobstore.split.oci;

import java.io.IOException;
import java.util.Optional;

/**
 * An image of a layout: a manifest, with the name and platform under which the index lists it. Immutable.
 *
 * @param layout where its blobs are
 * @param name the annotation {@code org.opencontainers.image.ref.name}; empty if there is none
 * @param platform the platform; empty if the index does not say it
 * @param manifest the manifest, which is not read yet
 */
public record OciImage(
        OciLayout layout, Optional<String> name, Optional<OciPlatform> platform, OciDescriptor manifest) {
    /**
     * Reads the manifest and the configuration, and verifies both.
     *
     * @throws OciLayoutException if one is missing, damaged or malformed, or the image is of an unsupported kind
     * @throws IOException if a file cannot be read
     */
    public OciManifest readManifest() throws IOException {
        return OciManifest.read(this);
    }

    /** Returns the name, the platform and the digest, as far as they are known. */
    @Override
    public String toString() {
        return name.map(n -> n + " ").orElse("")
                + platform.map(p -> "(" + p + ") ").orElse("")
                + manifest.digest();
    }
}
