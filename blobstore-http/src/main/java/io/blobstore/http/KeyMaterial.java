package io.blobstore.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.KeyStoreException;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;

/** Reads the client certificate that JSSE's system properties name; JSSE reads them only for its default context. */
final class KeyMaterial {
    private KeyMaterial() {}

    /** Returns the key managers of {@code javax.net.ssl.keyStore}; empty if it is not set. */
    static KeyManager[] ofSystemProperties() throws GeneralSecurityException {
        String file = System.getProperty("javax.net.ssl.keyStore", "");
        if (file.isEmpty() || file.equals("NONE")) {
            return new KeyManager[0];
        }
        KeyStore store =
                KeyStore.getInstance(System.getProperty("javax.net.ssl.keyStoreType", KeyStore.getDefaultType()));
        char[] password =
                System.getProperty("javax.net.ssl.keyStorePassword", "").toCharArray();
        try (InputStream in = Files.newInputStream(Path.of(file))) {
            store.load(in, password);
        } catch (IOException e) {
            throw new KeyStoreException("the key store " + file + " cannot be read: " + e.getMessage(), e);
        }
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, password);
        return factory.getKeyManagers();
    }
}
