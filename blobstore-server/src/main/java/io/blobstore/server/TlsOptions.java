package io.blobstore.server;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * The certificate of a {@link CacheServer}, and which certificates its clients need. Files are PEM, and are read when
 * the server starts. Immutable.
 *
 * @param certificateChain the file of the server's certificate, followed by those of intermediate authorities
 * @param privateKey the file of its private key, in PKCS #8 and not encrypted
 * @param clientAuthorities the file of the authorities of client certificates; if it is there, clients need a
 *     certificate, unless {@link AuthOptions#anonymousReads} lets them read without
 */
public record TlsOptions(Path certificateChain, Path privateKey, Optional<Path> clientAuthorities) {
    /** Checks that nothing is null. */
    public TlsOptions {
        Objects.requireNonNull(certificateChain, "certificateChain");
        Objects.requireNonNull(privateKey, "privateKey");
        Objects.requireNonNull(clientAuthorities, "clientAuthorities");
    }

    /** Returns options for TLS without client certificates. */
    public static TlsOptions of(Path certificateChain, Path privateKey) {
        return new TlsOptions(certificateChain, privateKey, Optional.empty());
    }

    /** Returns options for mutual TLS. */
    public static TlsOptions mutual(Path certificateChain, Path privateKey, Path clientAuthorities) {
        Objects.requireNonNull(clientAuthorities, "clientAuthorities");
        return new TlsOptions(certificateChain, privateKey, Optional.of(clientAuthorities));
    }
}
