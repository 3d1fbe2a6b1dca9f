package io.blobstore.http;

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
 */
final class Proxies {
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
        @Override
        public String toString() {
            return endpoint.toString();
        }
    }

    /** Returns the proxy for an endpoint; empty for a direct connection. */
    Optional<Proxy> of(Endpoint target) {
        Optional<Proxy> selected = selected(target);
        return selected.isPresent() ? selected : ofEnvironment(target);
    }

    private static Optional<Proxy> selected(Endpoint target) {
        ProxySelector selector = ProxySelector.getDefault();
        if (selector == null) {
            return Optional.empty();
        }
        for (java.net.Proxy proxy : selector.select(URI.create(target.toString()))) {
            if (proxy.type() == java.net.Proxy.Type.HTTP && proxy.address() instanceof InetSocketAddress address) {
                String prefix = target.secure() ? "https" : "http";
                return Optional.of(new Proxy(
                        new Endpoint(false, address.getHostString(), address.getPort()),
                        basic(
                                System.getProperty(prefix + ".proxyUser"),
                                System.getProperty(prefix + ".proxyPassword"))));
            }
        }
        return Optional.empty();
    }

    private Optional<Proxy> ofEnvironment(Endpoint target) {
        String text = variable(target.secure() ? "HTTPS_PROXY" : "HTTP_PROXY").orElse("");
        if (text.isEmpty() || isLoopback(target.host()) || isExcepted(target.host())) {
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
        return host.equals("localhost") || host.startsWith("127.") || host.equals("::1");
    }

    private boolean isExcepted(String host) {
        for (String exception : variable("NO_PROXY").orElse("").split(",", -1)) {
            String name = exception.strip().toLowerCase(Locale.ROOT);
            String suffix = name.startsWith("*") ? name.substring(1) : name;
            if (!name.isEmpty()
                    && (name.equals("*")
                            || host.equals(suffix)
                            || host.endsWith(suffix.startsWith(".") ? suffix : "." + suffix))) {
                return true;
            }
        }
        return false;
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
