package io.blobstore.server.internal.remote;

import io.blobstore.server.HttpRemote.ClientCertificate;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/** Reads what a client of an HTTP cache shows, and trusts. Messages name files, and nothing of what is in them. */
final class HttpIdentity {
    private static final List<String> KEY_TYPES = List.of("RSA", "EC", "EdDSA");
    private static final String KEY_BEGIN = "-----BEGIN PRIVATE KEY-----";
    private static final String KEY_END = "-----END PRIVATE KEY-----";

    private HttpIdentity() {}

    /** Returns the value of the Authorization field for the user and the password in a file. */
    static String authorization(Path file) throws IOException {
        List<String> lines = Files.readString(file).lines().toList();
        if (lines.size() != 1 || lines.get(0).indexOf(':') < 1) {
            throw new IOException("the file of credentials " + file + " must have one line, USER:PASSWORD");
        }
        return "Basic " + Base64.getEncoder().encodeToString(lines.get(0).getBytes(StandardCharsets.UTF_8));
    }

    /** Returns managers that trust the authorities in a PEM file. */
    static TrustManager[] trust(Path authorities) throws IOException {
        try {
            KeyStore store = emptyStore();
            for (Certificate certificate : certificates(authorities)) {
                store.setCertificateEntry(Integer.toString(store.size()), certificate);
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(store);
            return factory.getTrustManagers();
        } catch (GeneralSecurityException e) {
            throw unusable(authorities, e);
        }
    }

    /** Returns managers that show a certificate. */
    static KeyManager[] keys(ClientCertificate certificate) throws IOException {
        try {
            KeyStore store = emptyStore();
            store.setKeyEntry(
                    "client",
                    key(certificate.privateKey()),
                    new char[0],
                    certificates(certificate.certificateChain()).toArray(Certificate[]::new));
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(store, new char[0]);
            return factory.getKeyManagers();
        } catch (GeneralSecurityException e) {
            throw unusable(certificate.certificateChain(), e);
        }
    }

    private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private static Collection<? extends Certificate> certificates(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            Collection<? extends Certificate> found =
                    CertificateFactory.getInstance("X.509").generateCertificates(in);
            if (found.isEmpty()) {
                throw new IOException(file + " has no certificate");
            }
            return found;
        } catch (GeneralSecurityException e) {
            throw unusable(file, e);
        }
    }

    private static PrivateKey key(Path file) throws IOException, GeneralSecurityException {
        String text = Files.readString(file);
        int begin = text.indexOf(KEY_BEGIN);
        int end = text.indexOf(KEY_END, Math.max(begin, 0));
        if (begin < 0 || end < 0) {
            throw new IOException(file + " has no private key as PEM in PKCS #8, not encrypted");
        }
        PKCS8EncodedKeySpec encoded;
        try {
            encoded = new PKCS8EncodedKeySpec(
                    Base64.getMimeDecoder().decode(text.substring(begin + KEY_BEGIN.length(), end)));
        } catch (IllegalArgumentException e) {
            throw new IOException("the private key in " + file + " is not valid PEM", e);
        }
        for (String type : KEY_TYPES) {
            try {
                return KeyFactory.getInstance(type).generatePrivate(encoded);
            } catch (InvalidKeySpecException e) {
                // a key of another type
            }
        }
        throw new IOException("the private key in " + file + " is of none of the types " + KEY_TYPES);
    }

    private static IOException unusable(Path file, GeneralSecurityException cause) {
        return new IOException("the certificates in " + file + " cannot be used: " + cause.getMessage(), cause);
    }
}
