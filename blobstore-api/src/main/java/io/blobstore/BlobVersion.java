package io.blobstore;

import java.util.Objects;

/**
 * Identifies one of a key's successive contents: an ETag, a generation, or another text by which the store
 * distinguishes versions. Opaque to the library. Storing a blob again gives it another version; whether storing equal
 * content does so depends on the store.
 *
 * @param value the store's text for the version, never empty
 */
public record BlobVersion(String value) {
    /**
     * Creates a version.
     *
     * @throws IllegalArgumentException if the value is empty
     */
    public BlobVersion {
        Objects.requireNonNull(value, "value");
        if (value.isEmpty()) {
            throw new IllegalArgumentException("a version must not be empty");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
