package io.blobstore.s3;

import io.blobstore.BlobVersion;
import io.blobstore.http.HttpHeaders;
import io.blobstore.http.objects.ObjectHeaders;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A parsed {@link BlobVersion} of this store: {@code "etag"}, or {@code "etag"@versionId} in a bucket with versioning.
 *
 * @param etag as in the header, with quotes, without the mark of a weak tag
 * @param versionId present in a bucket with versioning, except in listings, and behind gateways that send it in some
 *     responses only
 */
record VersionTag(String etag, Optional<String> versionId) {
    /** The version id of blobs that were stored before versioning was enabled, or while it is suspended. */
    private static final String NO_VERSION = "null";

    /** Parses the header of a response; empty without ETag. */
    static Optional<VersionTag> of(HttpHeaders headers) {
        return of(
                headers.first("ETag").orElse(null),
                headers.first(S3Headers.VERSION_ID).orElse(null));
    }

    /** Parses the fields of a response; empty without ETag. */
    static Optional<VersionTag> of(@Nullable String etag, @Nullable String versionId) {
        if (etag == null || etag.isEmpty()) {
            return Optional.empty();
        }
        String strong = ObjectHeaders.strong(etag);
        boolean quoted = strong.length() > 1 && strong.endsWith("\"") && strong.startsWith("\"");
        return Optional.of(new VersionTag(
                quoted ? strong : "\"" + strong + "\"",
                Optional.ofNullable(versionId).filter(id -> !id.isEmpty() && !id.equals(NO_VERSION))));
    }

    /**
     * Parses a version that this store has returned.
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
                ObjectHeaders.strong(text.substring(0, end + 1)),
                rest.isEmpty() ? Optional.empty() : Optional.of(rest.substring(1)));
    }

    BlobVersion version() {
        return new BlobVersion(etag + versionId.map(id -> "@" + id).orElse(""));
    }

    /** Returns whether a version is this one; a version without id matches every version with the same ETag. */
    boolean matches(VersionTag actual) {
        return etag.equals(actual.etag)
                && (versionId.isEmpty() || actual.versionId.isEmpty() || versionId.equals(actual.versionId));
    }
}
