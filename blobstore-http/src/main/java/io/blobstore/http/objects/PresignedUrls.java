package io.blobstore.http.objects;

import io.blobstore.PresignOptions;
import io.blobstore.PresignedUrl;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What presigned URLs by V4 signatures have in common. */
public final class PresignedUrls {
    private static final Duration MAX_VALIDITY = Duration.ofDays(7);

    private PresignedUrls() {}

    /** Refuses a validity that V4 signatures do not allow, with {@link IllegalArgumentException}. */
    public static void requireValidity(PresignOptions options) {
        if (options.validity().compareTo(MAX_VALIDITY) > 0 || options.validity().toSeconds() < 1) {
            throw new IllegalArgumentException("URLs are presigned for 1 second to 7 days; got " + options.validity());
        }
    }

    /** Creates the result of presigning; the request needs all of the headers. */
    public static PresignedUrl of(String url, PresignOptions options, Map<String, String> headers, Instant expires) {
        Map<String, List<String>> required = new TreeMap<>();
        headers.forEach((name, value) -> required.put(name, List.of(value)));
        return PresignedUrl.of(URI.create(url), options.method(), required, expires);
    }
}
