package io.blobstore;

/**
 * Which of a key's successive contents a blob is: an ETag, a generation, or whatever the store tells versions apart by.
 * Opaque: only the store that made it can read it. Every store of a key gives a new version, even of equal content
 * where the store can tell.
 *
 * @param value the store's text for it, never empty
 */
public record BlobVersion(String value) {
    /** Refuses an empty text. */
    public BlobVersion {
        if (value.isEmpty()) {
            throw new IllegalArgumentException("a version must not be empty");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
