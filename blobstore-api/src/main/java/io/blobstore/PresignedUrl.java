package io.blobstore;

import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * A URL that carries its own permission. Whoever has it can use it: keep it out of logs.
 *
 * @param url where to send the request; secret
 * @param method the request's method
 * @param headers what the request must also carry; secret
 * @param expires when it ends to be valid
 */
public record PresignedUrl(URI url, PresignOptions.Method method, Map<String, List<String>> headers, Instant expires) {
    /** Host, path, method and expiry; neither signature nor headers. */
    @Override
    public String toString() {
        return "PresignedUrl[" + method + " " + url.getScheme() + "://" + url.getAuthority() + url.getRawPath()
                + ", expires " + expires + "]";
    }
}
