package io.blobstore.server;

import io.blobstore.http.TestAuthority;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509KeyManager;
import javax.net.ssl.X509TrustManager;

/** Writes the certificates of {@link TestAuthority} as PEM. */
public final class PemFiles {
    private PemFiles() {}

    public static Path certificates(Path file, TestAuthority.Identity identity) throws IOException {
        X509KeyManager keys = keys(identity);
        return Files.writeString(file, pem(keys.getCertificateChain(alias(keys))));
    }

    public static Path key(Path file, TestAuthority.Identity identity) throws IOException {
        X509KeyManager keys = keys(identity);
        return Files.writeString(
                file, pem("PRIVATE KEY", keys.getPrivateKey(alias(keys)).getEncoded()));
    }

    public static Path authority(Path file) throws IOException {
        for (TrustManager manager : TestAuthority.get().trustManagers()) {
            if (manager instanceof X509TrustManager trust) {
                return Files.writeString(file, pem(trust.getAcceptedIssuers()));
            }
        }
        throw new AssertionError("no authority");
    }

    private static X509KeyManager keys(TestAuthority.Identity identity) {
        return (X509KeyManager) TestAuthority.get().keyManagers(identity)[0];
    }

    private static String alias(X509KeyManager keys) {
        for (String type : new String[] {"RSA", "EC"}) {
            String[] aliases = keys.getServerAliases(type, null);
            if (aliases != null) {
                return aliases[0];
            }
        }
        throw new AssertionError("no key");
    }

    private static String pem(X509Certificate... certificates) {
        StringBuilder text = new StringBuilder();
        for (X509Certificate certificate : certificates) {
            try {
                text.append(pem("CERTIFICATE", certificate.getEncoded()));
            } catch (CertificateEncodingException e) {
                throw new AssertionError(e);
            }
        }
        return text.toString();
    }

    private static String pem(String type, byte[] bytes) {
        return "-----BEGIN " + type + "-----\n"
                + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                        .encodeToString(bytes)
                + "\n-----END " + type + "-----\n";
    }
}
