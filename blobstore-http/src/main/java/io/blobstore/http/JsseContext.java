package io.blobstore.http;

import java.security.GeneralSecurityException;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;

/** Engines of a JSSE provider: the JDK's, or Conscrypt. */
final class JsseContext implements TlsContext {
    private final TlsEngine kind;
    private final SSLContext context;

    JsseContext(TlsEngine kind, SSLContext context, Identity identity) throws GeneralSecurityException {
        this.kind = kind;
        this.context = context;
        KeyManager[] keys = identity.keys().isPresent() ? identity.keys().get() : KeyMaterial.ofSystemProperties();
        TrustManager[] trust = identity.trustManagers();
        context.init(keys, kind == TlsEngine.CONSCRYPT ? ConscryptProvider.understanding(trust) : trust, null);
    }

    @Override
    public SSLEngine newEngine(Endpoint endpoint) {
        SSLEngine engine = context.createSSLEngine(endpoint.host(), endpoint.port());
        engine.setUseClientMode(true);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        engine.setSSLParameters(parameters);
        return engine;
    }

    @Override
    public void release(SSLEngine engine) {
        // the garbage collector's
    }

    @Override
    public String toString() {
        return kind.name();
    }
}
