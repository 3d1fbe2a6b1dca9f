package io.blobstore.server;

import java.net.URI;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * An HTTP cache behind a {@link CacheServer}: another one, or bazel-remote. Files are read when the server starts.
 * Immutable.
 *
 * @param uri {@code http://HOST[:PORT][/PREFIX]} or {@code https://…}, without a user; entries are at
 *     {@code PREFIX/cas/HASH} and {@code PREFIX/ac/HASH}
 * @param credentials a file with one line {@code USER:PASSWORD}, sent as basic authentication; without TLS, whoever
 *     sees the network's traffic sees them
 * @param authorities a PEM file of the authorities that are trusted; empty for those of the JVM
 * @param certificate the certificate of this client; empty for that of the JVM's system properties, if any
 */
public record HttpRemote(
        URI uri, Optional<Path> credentials, Optional<Path> authorities, Optional<ClientCertificate> certificate) {
    /**
     * The certificate of a client.
     *
     * @param certificateChain the PEM file of the certificate, followed by those of intermediate authorities
     * @param privateKey the PEM file of its private key, in PKCS #8 and not encrypted
     */
    public record ClientCertificate(Path certificateChain, Path privateKey) {
        /** Checks that nothing is null. */
        public ClientCertificate {
            Objects.requireNonNull(certificateChain, "certificateChain");
            Objects.requireNonNull(privateKey, "privateKey");
        }
    }

    /**
     * Checks the URI.
     *
     * @throws IllegalArgumentException if it is not one of an HTTP cache, or has a user; the message has no part of it
     *     that may be a secret
     */
    public HttpRemote {
        Objects.requireNonNull(credentials, "credentials");
        Objects.requireNonNull(authorities, "authorities");
        Objects.requireNonNull(certificate, "certificate");
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        if (uri.getRawUserInfo() != null
                || (uri.getRawAuthority() != null && uri.getRawAuthority().contains("@"))) {
            throw new IllegalArgumentException("the URL of an HTTP cache must not have a user or a password, which"
                    + " other users of the machine and logs would show; put USER:PASSWORD into a file that only this"
                    + " user can read, and name that (--proxy-auth-file)");
        }
        if (!(scheme.equals("http") || scheme.equals("https"))
                || uri.getHost() == null
                || uri.getRawQuery() != null
                || uri.getRawFragment() != null) {
            throw new IllegalArgumentException(
                    "the URL of an HTTP cache is written http://HOST[:PORT][/PREFIX] or https://…, without a query");
        }
        if (scheme.equals("http") && (authorities.isPresent() || certificate.isPresent())) {
            throw new IllegalArgumentException("certificates are for a cache whose URL begins with https:");
        }
    }

    /** Returns an HTTP cache that needs no credentials. */
    public static HttpRemote of(URI uri) {
        return new HttpRemote(uri, Optional.empty(), Optional.empty(), Optional.empty());
    }
}
