package io.blobstore.s3;

import io.blobstore.BlobVersion;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link BlobVersion} of this store is made of: {@code "etag"}, or {@code "etag"@versionId} in a bucket with
 * versioning.
 *
 * @param etag as in the header, with its quotes
 * @param versionId in a bucket with versioning; listings do not give it
 */
record VersionTag(String etag, Optional<String> versionId) {
    /** What S3 calls the version of blobs that were stored before there was versioning, or while it is suspended. */
    private static final String NO_VERSION = "null";

    /** Reads the fields of a response; empty without ETag. */
    static Optional<VersionTag> of(@Nullable String etag, @Nullable String versionId) {
        if (etag == null || etag.isEmpty()) {
            return Optional.empty();
        }
        boolean quoted = etag.endsWith("\"") && (etag.startsWith("\"") || etag.startsWith("W/\""));
        return Optional.of(new VersionTag(
                quoted ? etag : "\"" + etag + "\"",
                Optional.ofNullable(versionId).filter(id -> !id.isEmpty() && !id.equals(NO_VERSION))));
    }

    /**
     * Reads a version that this store has given.
     *
     * @throws IllegalArgumentException if it cannot be one
     */
    static VersionTag of(BlobVersion version) {
        String text = version.value();
        int end = text.lastIndexOf('"');
        boolean tag = end > 0 && (text.startsWith("\"") || text.startsWith("W/\""));
        String rest = tag ? text.substring(end + 1) : "";
        if (!tag || !(rest.isEmpty() || (rest.startsWith("@") && rest.length() > 1))) {
            throw new IllegalArgumentException("not a version of an S3 store: " + text);
        }
        return new VersionTag(
                text.substring(0, end + 1), rest.isEmpty() ? Optional.empty() : Optional.of(rest.substring(1)));
    }

    BlobVersion version() {
        return new BlobVersion(etag + versionId.map(id -> "@" + id).orElse(""));
    }

    /** Whether what is there is what was wanted; a version without id stands for all of its ETag. */
    boolean matches(VersionTag actual) {
        return etag.equals(actual.etag)
                && (versionId.isEmpty() || actual.versionId.isEmpty() || versionId.equals(actual.versionId));
    }
}
