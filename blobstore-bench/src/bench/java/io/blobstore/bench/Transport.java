package io.blobstore.bench;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.net.URI;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/** The transport, and the TLS engine of clients that can choose one. */
enum Transport {
    HTTP("HTTP"),
    /** HTTPS with BoringSSL. */
    HTTPS("HTTPS"),
    HTTPS_JDK("HTTPS with the JDK's engine");

    final String title;

    Transport(String title) {
        this.title = title;
    }

    boolean isEncrypted() {
        return this != HTTP;
    }

    /** Creates a client engine that trusts what this JVM trusts; empty for HTTP. */
    Optional<SSLEngine> engine(URI endpoint) throws Exception {
        if (!isEncrypted()) {
            return Optional.empty();
        }
        SSLEngine engine;
        if (this == HTTPS) {
            SslContext context = SslContextBuilder.forClient()
                    .sslProvider(SslProvider.OPENSSL)
                    .build();
            engine = context.newEngine(ByteBufAllocator.DEFAULT, endpoint.getHost(), endpoint.getPort());
        } else {
            engine = SSLContext.getDefault().createSSLEngine(endpoint.getHost(), endpoint.getPort());
        }
        engine.setUseClientMode(true);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        engine.setSSLParameters(parameters);
        return Optional.of(engine);
    }
}
