package io.blobstore.server.internal.http;

import io.blobstore.server.TlsOptions;
import io.blobstore.server.internal.ServerContext;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;

/** Reads certificates. */
final class Certificates {
    private Certificates() {}

    /** Returns the TLS of a server: by BoringSSL if it is on the class path, otherwise by the JDK. */
    static SslContext context(ServerContext server) throws IOException {
        TlsOptions options = server.tls().orElseThrow();
        try {
            SslContextBuilder builder = SslContextBuilder.forServer(
                            options.certificateChain().toFile(),
                            options.privateKey().toFile())
                    .protocols("TLSv1.3", "TLSv1.2");
            if (options.clientAuthorities().isPresent()) {
                builder.trustManager(options.clientAuthorities().get().toFile());
                // Those who may read without a certificate may connect without one.
                builder.clientAuth(server.access().allowsAnonymousReads() ? ClientAuth.OPTIONAL : ClientAuth.REQUIRE);
            }
            return builder.build();
        } catch (IllegalArgumentException | IOException e) {
            throw new IOException(
                    "the certificate or the key of the server is not valid PEM, or cannot be read: " + e.getMessage(),
                    e);
        }
    }
}
