package io.blobstore.bench;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/** Makes TLS engines that trust what this JVM trusts; none for plain connections. */
@FunctionalInterface
interface ClientEngines {
    Optional<SSLEngine> engine(String host, int port);

    static ClientEngines of(Scenario.Transport transport) throws Exception {
        switch (transport) {
            case HTTP -> {
                return (host, port) -> Optional.empty();
            }
            case HTTPS_OPENSSL -> {
                SslContext context = SslContextBuilder.forClient()
                        .sslProvider(SslProvider.OPENSSL)
                        .build();
                return (host, port) -> client(context.newEngine(ByteBufAllocator.DEFAULT, host, port));
            }
            case HTTPS_JDK -> {
                SSLContext context = SSLContext.getDefault();
                return (host, port) -> client(context.createSSLEngine(host, port));
            }
            default -> throw new AssertionError(transport);
        }
    }

    private static Optional<SSLEngine> client(SSLEngine engine) {
        engine.setUseClientMode(true);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        engine.setSSLParameters(parameters);
        return Optional.of(engine);
    }
}
