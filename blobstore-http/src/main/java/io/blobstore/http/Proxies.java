package io.blobstore.http;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Selects the HTTP proxy by the usual settings: the JVM's proxy selector (system properties {@code https.proxyHost},
 * {@code http.proxyHost}, {@code http.nonProxyHosts} and related ones), or else the environment ({@code HTTPS_PROXY},
 * {@code HTTP_PROXY}, {@code NO_PROXY}, in either case). Neither applies to loopback addresses. Thread-safe.
 *
 * <p>Requests over TLS go through a tunnel of the proxy (CONNECT); others are forwarded by it.
 */
final class Proxies {
    /** The status by which a proxy requires credentials. */
    static final int AUTHENTICATION_REQUIRED = 407;

    private final Map<String, String> environment;

    Proxies(Map<String, String> environment) {
        this.environment = environment;
    }

    /**
     * A proxy.
     *
     * @param endpoint the address of the proxy
     * @param authorization the value of {@code Proxy-Authorization}; secret
     */
    record Proxy(Endpoint endpoint, Optional<String> authorization) {
        /** Adds the proxy's credentials, if it has any, to the head of a request to it. */
        void addCredentials(StringBuilder head) {
            authorization.ifPresent(
                    value -> head.append("Proxy-Authorization: ").append(value).append("\r\n"));
        }

        /** Returns the exception for a response by which the proxy refuses a request for a target. */
        TransportException refusal(int status, Endpoint target) {
            return new TransportException(
                    TransportException.Kind.PROXY,
                    "the HTTP proxy " + endpoint + " responded with " + status + " to a request for " + target
                            + (status == AUTHENTICATION_REQUIRED
                                    ? "; it requires other credentials"
                                    : "; does it allow that host and port?"),
                    null);
        }

        @Override
        public String toString() {
            return endpoint.toString();
        }
    }

    /** Returns the proxy for an endpoint; empty for a direct connection. */
    Optional<Proxy> of(Endpoint target) {
        Optional<Proxy> selected = selected(target);
        // If the properties name a proxy, but not for this host, the environment's is not for it either.
        boolean named = !System.getProperty(scheme(target) + ".proxyHost", "").isBlank();
        return selected.isPresent() || named ? selected : ofEnvironment(target);
    }

    private static Optional<Proxy> selected(Endpoint target) {
        ProxySelector selector = ProxySelector.getDefault();
        if (selector == null) {
            return Optional.empty();
        }
        for (java.net.Proxy proxy : selector.select(URI.create(target.toString()))) {
            if (proxy.type() == java.net.Proxy.Type.HTTP && proxy.address() instanceof InetSocketAddress address) {
                String prefix = scheme(target);
                return Optional.of(new Proxy(
                        new Endpoint(false, address.getHostString(), address.getPort()),
                        basic(
                                System.getProperty(prefix + ".proxyUser"),
                                System.getProperty(prefix + ".proxyPassword"))));
            }
        }
        return Optional.empty();
    }

    private static String scheme(Endpoint target) {
        return target.secure() ? "https" : "http";
    }

    private Optional<Proxy> ofEnvironment(Endpoint target) {
        String text = variable(target.secure() ? "HTTPS_PROXY" : "HTTP_PROXY").orElse("");
        if (text.isEmpty() || isLoopback(target.host()) || isExcepted(target)) {
            return Optional.empty();
        }
        URI uri;
        try {
            uri = URI.create(text.contains("://") ? text : "http://" + text);
        } catch (IllegalArgumentException e) {
            throw malformed(target);
        }
        if (uri.getHost() == null || !"http".equalsIgnoreCase(uri.getScheme())) {
            throw malformed(target);
        }
        String user = uri.getUserInfo();
        int colon = user == null ? -1 : user.indexOf(':');
        Optional<String> authorization = user == null
                ? Optional.empty()
                : basic(colon < 0 ? user : user.substring(0, colon), colon < 0 ? "" : user.substring(colon + 1));
        return Optional.of(new Proxy(Endpoint.of(uri), authorization));
    }

    /** Creates an exception whose message does not repeat the value, which may contain a password. */
    private static IllegalArgumentException malformed(Endpoint target) {
        return new IllegalArgumentException("the environment variable " + (target.secure() ? "HTTPS" : "HTTP")
                + "_PROXY is not of the form http://host:port");
    }

    /** Returns whether a host is on loopback, which a proxy cannot reach; the JVM's own selector excludes it too. */
    private static boolean isLoopback(String host) {
        return host.equals("localhost")
                || ProxyExceptions.address(host)
                        .filter(InetAddress::isLoopbackAddress)
                        .isPresent();
    }

    private boolean isExcepted(Endpoint target) {
        return variable("NO_PROXY")
                .filter(text -> new ProxyExceptions(text).include(target))
                .isPresent();
    }

    private Optional<String> variable(String name) {
        for (String variant : List.of(name, name.toLowerCase(Locale.ROOT))) {
            String value = environment.get(variant);
            if (value != null && !value.isBlank()) {
                return Optional.of(value.strip());
            }
        }
        return Optional.empty();
    }

    private static Optional<String> basic(@Nullable String user, @Nullable String password) {
        if (user == null || user.isEmpty()) {
            return Optional.empty();
        }
        byte[] pair = (user + ":" + (password == null ? "" : password)).getBytes(StandardCharsets.UTF_8);
        return Optional.of("Basic " + Base64.getEncoder().encodeToString(pair));
    }
}
