package io.blobstore.http;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.ReferenceCountUtil;
import java.security.GeneralSecurityException;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;

/**
 * Creates engines of BoringSSL through Netty, if netty-handler and netty-tcnative are on the class path; otherwise
 * using this class throws {@link LinkageError}. The engine reads direct buffers in place.
 */
final class OpenSslContext implements TlsContext {
    private final SslContext context;

    private OpenSslContext(SslContext context) {
        this.context = context;
    }

    static boolean isAvailable() {
        return OpenSsl.isAvailable();
    }

    static OpenSslContext create(Identity identity) throws SSLException, GeneralSecurityException {
        if (!isAvailable()) {
            throw new SSLException(
                    "netty-tcnative is not on the class path, or not for this system", OpenSsl.unavailabilityCause());
        }
        // The provider whose contexts a finalizer frees, as a client may be closed before its last call ends. Its
        // engines
        // are reference-counted, and released explicitly.
        SslContextBuilder builder = SslContextBuilder.forClient().sslProvider(SslProvider.OPENSSL);
        for (TrustManager manager : identity.trustManagers()) {
            builder.trustManager(manager);
        }
        for (KeyManager manager : identity.keyManagers()) {
            builder.keyManager(manager);
        }
        return new OpenSslContext(builder.build());
    }

    @Override
    public SSLEngine newEngine(Endpoint endpoint) {
        return TlsContext.verifyingHost(
                context.newEngine(UnpooledByteBufAllocator.DEFAULT, endpoint.host(), endpoint.port()));
    }

    @Override
    public void release(SSLEngine engine) {
        ReferenceCountUtil.release(engine);
    }

    @Override
    public String toString() {
        return TlsEngine.OPENSSL.name();
    }
}
