package io.blobstore.http.objects;

import io.blobstore.PresignOptions;
import io.blobstore.PresignedUrl;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Validates options of, and creates, URLs that are presigned with V4 signatures. */
public final class PresignedUrls {
    private static final Duration MAX_VALIDITY = Duration.ofDays(7);

    private PresignedUrls() {}

    /**
     * Checks that V4 signatures allow the validity.
     *
     * @throws IllegalArgumentException if they do not
     */
    public static void requireValidity(PresignOptions options) {
        if (options.validity().compareTo(MAX_VALIDITY) > 0 || options.validity().toSeconds() < 1) {
            throw new IllegalArgumentException(
                    "the validity of a presigned URL must be 1 second to 7 days; got " + options.validity());
        }
    }

    /** Creates the result of presigning; the request must have all of the headers. */
    public static PresignedUrl of(String url, PresignOptions options, Map<String, String> headers, Instant expires) {
        Map<String, List<String>> required = new TreeMap<>();
        headers.forEach((name, value) -> required.put(name, List.of(value)));
        return PresignedUrl.of(URI.create(url), options.method(), required, expires);
    }
}
