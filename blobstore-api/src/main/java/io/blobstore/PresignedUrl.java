package io.blobstore;

import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A URL that grants its own permission to any bearer: keep it out of logs. Immutable. */
public final class PresignedUrl {
    private final URI url;
    private final PresignOptions.Method method;
    private final Map<String, List<String>> headers;
    private final Instant expires;

    private PresignedUrl(URI url, PresignOptions.Method method, Map<String, List<String>> headers, Instant expires) {
        this.url = url;
        this.method = method;
        this.headers = Map.copyOf(headers);
        this.expires = expires;
    }

    /** Returns a URL with these values, for implementations of stores. */
    public static PresignedUrl of(
            URI url, PresignOptions.Method method, Map<String, List<String>> headers, Instant expires) {
        Objects.requireNonNull(url, "url");
        Objects.requireNonNull(method, "method");
        Objects.requireNonNull(headers, "headers");
        Objects.requireNonNull(expires, "expires");
        return new PresignedUrl(url, method, headers, expires);
    }

    /** Returns the URL to which the request is sent; secret. */
    public URI url() {
        return url;
    }

    /** Returns the method of the request. */
    public PresignOptions.Method method() {
        return method;
    }

    /** Returns the header fields that the request must carry as well; secret, unmodifiable. */
    public Map<String, List<String>> headers() {
        return headers;
    }

    /** Returns when the URL expires. */
    public Instant expires() {
        return expires;
    }

    /** Returns host, path, method and expiry, but neither the signature nor the header fields. */
    @Override
    public String toString() {
        return "PresignedUrl[" + method + " " + url.getScheme() + "://" + url.getAuthority() + url.getRawPath()
                + ", expires " + expires + "]";
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof PresignedUrl that
                && url.equals(that.url)
                && method == that.method
                && headers.equals(that.headers)
                && expires.equals(that.expires);
    }

    @Override
    public int hashCode() {
        return Objects.hash(url, method, headers, expires);
    }
}
