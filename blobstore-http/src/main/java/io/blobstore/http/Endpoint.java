package io.blobstore.http;

import java.net.URI;
import java.util.Locale;

/**
 * A server that requests are sent to; connections are pooled per endpoint.
 *
 * @param secure whether to use TLS
 * @param host a name or address in lower case, IPv6 without brackets; it becomes part of a request's head
 * @param port 1 to 65535
 */
public record Endpoint(boolean secure, String host, int port) {
    /** Checks that the host is a name or an address, and the port in range. */
    public Endpoint {
        if (host.isEmpty() || port < 1 || port > 65_535) {
            throw new IllegalArgumentException("an endpoint needs a host, and a port of 1 to 65535");
        }
        if (!host.chars().allMatch(HttpSyntax::isHostCharacter)) {
            throw new IllegalArgumentException("an endpoint's host must be a name or an address");
        }
        host = host.toLowerCase(Locale.ROOT);
    }

    /**
     * Returns the endpoint of a URI, whose path and query are ignored.
     *
     * @throws IllegalArgumentException if the URI is neither http nor https, or has no host
     */
    public static Endpoint of(URI uri) {
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        if (uri.getHost() == null || !(scheme.equals("http") || scheme.equals("https"))) {
            throw new IllegalArgumentException("an endpoint is written http://host:port or https://host:port");
        }
        boolean secure = scheme.equals("https");
        String host = uri.getHost();
        if (host.startsWith("[")) {
            host = host.substring(1, host.length() - 1);
        }
        return new Endpoint(secure, host, uri.getPort() == -1 ? defaultPort(secure) : uri.getPort());
    }

    /** Returns "host", or "host:port" if the port is not the scheme's default: the value of a Host header. */
    public String authority() {
        return port == defaultPort(secure) ? bracketed() : bracketed() + ":" + port;
    }

    private String bracketed() {
        return host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    }

    /** Returns "host:port", always with the port: the target of a CONNECT request. */
    String hostAndPort() {
        return bracketed() + ":" + port;
    }

    private static int defaultPort(boolean secure) {
        return secure ? 443 : 80;
    }

    @Override
    public String toString() {
        return (secure ? "https://" : "http://") + authority();
    }
}
