package io.blobstore.http;

import io.blobstore.http.TransportException.Kind;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Optional;
import javax.net.ssl.SSLException;

/** Says what went wrong with TLS, and what to do about it. */
final class TlsErrors {
    private TlsErrors() {}

    static TransportException describe(Endpoint endpoint, SSLException problem) {
        return new TransportException(Kind.TLS, endpoint + ": " + sentence(endpoint, problem), problem);
    }

    private static String sentence(Endpoint endpoint, SSLException problem) {
        if (find(problem, CertificateExpiredException.class).isPresent()) {
            return "its certificate has expired; renew it, or check this machine's clock";
        }
        if (find(problem, CertificateNotYetValidException.class).isPresent()) {
            return "its certificate is not valid yet; check this machine's clock";
        }
        String certificate = find(problem, CertificateException.class)
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

    private static <T extends Throwable> Optional<T> find(Throwable problem, Class<T> type) {
        for (Throwable e = problem; e != null; e = e.getCause()) {
            if (type.isInstance(e)) {
                return Optional.of(type.cast(e));
            }
        }
        return Optional.empty();
    }
}
