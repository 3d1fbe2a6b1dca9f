package io.blobstore.http;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Creates engines of a JSSE provider: the JDK's, or Conscrypt. */
final class JsseContext implements TlsContext {
    private static final Logger LOG = LoggerFactory.getLogger(JsseContext.class);
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final TlsEngine kind;
    private final SSLContext context;

    JsseContext(TlsEngine kind, SSLContext context, Identity identity) throws GeneralSecurityException {
        this.kind = kind;
        this.context = context;
        TrustManager[] trust = identity.trustManagers();
        context.init(
                identity.keyManagers(),
                kind == TlsEngine.CONSCRYPT ? ConscryptProvider.translating(trust) : trust,
                null);
    }

    @Override
    public SSLEngine newEngine(Endpoint endpoint) {
        SSLEngine engine = context.createSSLEngine(endpoint.host(), endpoint.port());
        engine.setUseClientMode(true);
        return TlsContext.verifyingHost(engine);
    }

    /**
     * Frees the native memory and two descriptors that an engine of Conscrypt holds until both directions are closed
     * and all pending output is fetched. Otherwise the garbage collector frees them, which runs rarely in a program
     * that allocates little. The JDK's engines have only heap memory.
     */
    @Override
    public void release(SSLEngine engine) {
        if (kind != TlsEngine.CONSCRYPT) {
            return;
        }
        try {
            engine.closeOutbound();
            engine.closeInbound();
            if (!engine.isOutboundDone()) {
                ByteBuffer unsent = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
                while (engine.wrap(NOTHING, unsent.clear()).bytesProduced() > 0) {
                    // the connection is gone
                }
            }
        } catch (SSLException e) {
            LOG.trace("A TLS engine is left to the garbage collector", e);
        }
    }

    @Override
    public String toString() {
        return kind.name();
    }
}
