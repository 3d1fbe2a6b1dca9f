package io.blobstore.http;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.conscrypt.Conscrypt;

/** Provides Conscrypt, if it is on the class path; otherwise using this class throws {@link LinkageError}. */
final class ConscryptProvider {
    private ConscryptProvider() {}

    static boolean isAvailable() {
        return Conscrypt.isAvailable();
    }

    /** Creates a context of a provider that is not installed globally. */
    static SSLContext context() throws GeneralSecurityException {
        return SSLContext.getInstance("TLS", Conscrypt.newProvider());
    }

    /**
     * Returns trust managers that delegate to the given ones, and support Conscrypt.
     *
     * @throws GeneralSecurityException for trust managers that do not receive the host's name, as Conscrypt does not
     *     verify it itself
     */
    static TrustManager[] translating(TrustManager[] managers) throws GeneralSecurityException {
        TrustManager[] translating = new TrustManager[managers.length];
        for (int i = 0; i < managers.length; i++) {
            if (!(managers[i] instanceof X509ExtendedTrustManager extended)) {
                throw new GeneralSecurityException("with the TLS engine Conscrypt, trust managers must be"
                        + " X509ExtendedTrustManagers, which verify the host's name");
            }
            translating[i] = new Translating(extended);
        }
        return translating;
    }

    /**
     * Translates "GENERIC", Conscrypt's name for the authentication of TLS 1.3, to JSSE's name "UNKNOWN": the JDK's
     * trust managers refuse every server otherwise.
     */
    private static final class Translating extends X509ExtendedTrustManager {
        private final X509ExtendedTrustManager manager;

        private Translating(X509ExtendedTrustManager manager) {
            this.manager = manager;
        }

        private static String translated(String authType) {
            return authType.equals("GENERIC") ? "UNKNOWN" : authType;
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
                throws CertificateException {
            manager.checkServerTrusted(chain, translated(authType), engine);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
                throws CertificateException {
            manager.checkServerTrusted(chain, translated(authType), socket);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            manager.checkServerTrusted(chain, translated(authType));
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
                throws CertificateException {
            manager.checkClientTrusted(chain, authType, engine);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
                throws CertificateException {
            manager.checkClientTrusted(chain, authType, socket);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            manager.checkClientTrusted(chain, authType);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return manager.getAcceptedIssuers();
        }
    }
}
