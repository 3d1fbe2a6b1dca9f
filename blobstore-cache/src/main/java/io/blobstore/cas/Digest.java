package io.blobstore.cas;

import io.blobstore.BlobSource;
import io.blobstore.Sha256;
import java.io.IOException;
import java.util.Objects;

/**
 * The identity of content: its SHA-256 and its size, as in the Remote Execution API.
 *
 * @param sha256 the SHA-256 of the content
 * @param size the size of the content in bytes, 0 or more
 */
public record Digest(Sha256 sha256, long size) {
    /**
     * Creates a digest.
     *
     * @throws IllegalArgumentException if the size is negative
     */
    public Digest {
        Objects.requireNonNull(sha256, "sha256");
        if (size < 0) {
            throw new IllegalArgumentException("content has 0 bytes or more; got " + size);
        }
    }

    /**
     * Computes the digest of a source's content.
     *
     * @throws IOException if the source cannot be read
     */
    public static Digest of(BlobSource content) throws IOException {
        return new Digest(Sha256.of(content), content.size());
    }

    /** Returns the digest as the Remote Execution API writes it: {@code hash/size}. */
    @Override
    public String toString() {
        return sha256.hex() + "/" + size;
    }
}
