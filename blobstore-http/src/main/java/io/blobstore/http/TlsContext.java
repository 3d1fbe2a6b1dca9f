package io.blobstore.http;

import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.slf4j.LoggerFactory;

/** Creates the TLS engines of a client, with its trust and key material. Thread-safe. */
interface TlsContext {
    /** Creates an engine that verifies the endpoint's host name. The caller must release it. */
    SSLEngine newEngine(Endpoint endpoint);

    /** Frees an engine that is no longer used. */
    void release(SSLEngine engine);

    /**
     * Trust and key material.
     *
     * @param trust empty for JSSE's default, which follows {@code javax.net.ssl.trustStore}
     * @param keys empty for JSSE's default, which follows {@code javax.net.ssl.keyStore}
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Identity(Optional<TrustManager[]> trust, Optional<KeyManager[]> keys) {
        TrustManager[] trustManagers() throws GeneralSecurityException {
            if (trust.isPresent()) {
                return trust.get();
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init((KeyStore) null);
            return factory.getTrustManagers();
        }

        KeyManager[] keyManagers() throws GeneralSecurityException {
            return keys.isPresent() ? keys.get() : KeyMaterial.ofSystemProperties();
        }
    }

    /**
     * Creates the context for an engine.
     *
     * @throws SSLException if it is not available, or the trust material cannot be read
     */
    static TlsContext create(TlsEngine wanted, Identity identity) throws SSLException {
        TlsEngine engine = wanted == TlsEngine.AUTOMATIC ? automatic() : wanted;
        try {
            return switch (engine) {
                case OPENSSL -> OpenSslContext.create(identity);
                case CONSCRYPT -> new JsseContext(engine, ConscryptProvider.context(), identity);
                case JDK, AUTOMATIC -> new JsseContext(engine, SSLContext.getInstance("TLS"), identity);
            };
        } catch (LinkageError e) {
            throw new SSLException(
                    "the TLS engine " + engine + " is not on the class path, or does not support this system", e);
        } catch (GeneralSecurityException e) {
            throw new SSLException(
                    "the trust or key material cannot be used (" + e.getMessage()
                            + "); see the system properties javax.net.ssl.trustStore and javax.net.ssl.keyStore",
                    e);
        }
    }

    /** Makes an engine verify the endpoint's host name, and returns it. */
    static SSLEngine verifyingHost(SSLEngine engine) {
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        engine.setSSLParameters(parameters);
        return engine;
    }

    private static TlsEngine automatic() {
        String property = System.getProperty(TlsEngine.PROPERTY);
        if (property != null) {
            return Arrays.stream(TlsEngine.values())
                    .filter(engine -> engine.name().toLowerCase(Locale.ROOT).equals(property))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("the system property " + TlsEngine.PROPERTY
                            + " must be 'openssl', 'conscrypt' or 'jdk'; got '" + property + "'"));
        }
        if (isAvailable(() -> OpenSslContext.isAvailable())) {
            return TlsEngine.OPENSSL;
        }
        return isAvailable(() -> ConscryptProvider.isAvailable()) ? TlsEngine.CONSCRYPT : TlsEngine.JDK;
    }

    /**
     * Returns whether an engine is available. A method reference would be linked, and fail, outside of the try block.
     */
    private static boolean isAvailable(BooleanSupplier engine) {
        try {
            return engine.getAsBoolean();
        } catch (LinkageError e) {
            LoggerFactory.getLogger(TlsContext.class).trace("A TLS engine is not on the class path", e);
            return false;
        }
    }
}
