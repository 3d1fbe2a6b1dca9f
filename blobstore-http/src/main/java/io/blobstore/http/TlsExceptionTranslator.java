package io.blobstore.http;

import io.blobstore.http.TransportException.Kind;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import javax.net.ssl.SSLException;

/** Translates TLS failures into messages that name the cause and the remedy. */
final class TlsExceptionTranslator {
    private TlsExceptionTranslator() {}

    static TransportException translate(Endpoint endpoint, SSLException problem) {
        return new TransportException(Kind.TLS, endpoint + ": " + message(endpoint, problem), problem);
    }

    private static String message(Endpoint endpoint, SSLException problem) {
        if (Causes.find(problem, CertificateExpiredException.class).isPresent()) {
            return "its certificate has expired; renew it, or check this machine's clock";
        }
        if (Causes.find(problem, CertificateNotYetValidException.class).isPresent()) {
            return "its certificate is not valid yet; check this machine's clock";
        }
        String certificate = Causes.find(problem, CertificateException.class)
                .map(e -> String.valueOf(e.getMessage()))
                .orElse("");
        if (certificate.contains("subject alternative") || certificate.contains("No name matching")) {
            return "its certificate is made for other hosts than '" + endpoint.host() + "' (" + certificate
                    + "); check the endpoint";
        }
        if (!certificate.isEmpty()) {
            return "its certificate is not trusted (" + certificate
                    + "); add its authority to the trust store that the system property javax.net.ssl.trustStore names";
        }
        return "no TLS connection (" + problem.getMessage() + "); is the endpoint's scheme https?";
    }
}
