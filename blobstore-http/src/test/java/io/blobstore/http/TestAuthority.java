package io.blobstore.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * A certificate authority that only tests trust, with certificates that it issued. Created by the JDK's
 * {@code keytool}, once per JVM, and the certificates when they are first used, as each takes the start of a JVM;
 * nothing remains on disk. Thread-safe.
 */
public final class TestAuthority {
    /** The subjects of certificates. */
    public enum Identity {
        /** A server at 127.0.0.1 and localhost. */
        SERVER("-ext", "san=ip:127.0.0.1,dns:localhost"),
        /** A server with the name of another host. */
        OTHER_HOST("-ext", "san=dns:other.example"),
        /** The server, with an expired certificate. */
        EXPIRED("-ext", "san=ip:127.0.0.1,dns:localhost", "-startdate", "-20d", "-validity", "10"),
        /** A client. */
        CLIENT("-ext", "eku=clientAuth");

        private final List<String> options;

        Identity(String... options) {
            this.options = List.of(options);
        }

        private String alias() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The name of the file that {@link #trustStore} creates. */
    public static final String TRUST_STORE = "trust.jks";

    private static final String CA = "ca";

    private final char[] password;
    /** Cached, as a key store slowly derives a key from its password for every access. */
    private final Map<Identity, KeyManager[]> keyManagers = new ConcurrentHashMap<>();
    /** The authority's key, and all certificates. */
    private KeyStore store;

    private TestAuthority(KeyStore store, char[] password) {
        this.store = store;
        this.password = password;
    }

    /** Returns the authority of this JVM. */
    public static TestAuthority get() {
        return Holder.INSTANCE;
    }

    private static final class Holder {
        private static final TestAuthority INSTANCE = create();
    }

    /** Returns trust managers that trust this authority only. */
    public TrustManager[] trustManagers() {
        try {
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(trusting("PKCS12"));
            return factory.getTrustManagers();
        } catch (GeneralSecurityException | IOException e) {
            throw new AssertionError(e);
        }
    }

    /**
     * Returns a trust manager of the older interface that trusts this authority only. It does not receive the host's
     * name: its caller must verify that.
     */
    public X509TrustManager trustManagerWithoutHosts() {
        return new WithoutHosts((X509TrustManager) trustManagers()[0]);
    }

    private record WithoutHosts(X509TrustManager manager) implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            manager.checkClientTrusted(chain, authType);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            manager.checkServerTrusted(chain, "UNKNOWN");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return manager.getAcceptedIssuers();
        }
    }

    /** Returns key managers with the certificate of an identity and its key. */
    public KeyManager[] keyManagers(Identity identity) {
        return keyManagers.computeIfAbsent(identity, this::newKeyManagers).clone();
    }

    private synchronized KeyManager[] newKeyManagers(Identity identity) {
        try {
            List<String> options = new ArrayList<>(List.of("-signer", CA));
            options.addAll(identity.options);
            store = issue(store, password, identity.alias(), options);
            KeyStore own = KeyStore.getInstance("PKCS12");
            own.load(null, null);
            own.setKeyEntry(
                    identity.alias(),
                    store.getKey(identity.alias(), password),
                    password,
                    store.getCertificateChain(identity.alias()));
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(own, password);
            return factory.getKeyManagers();
        } catch (GeneralSecurityException | IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Creates a context for servers, which trusts client certificates of this authority. */
    public SSLContext serverContext(Identity identity) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keyManagers(identity), trustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /**
     * Creates a trust store for {@code -Djavax.net.ssl.trustStore=}, which needs no password.
     *
     * @return the file, in {@code directory}
     */
    public Path trustStore(Path directory) throws IOException {
        Path file = directory.resolve(TRUST_STORE);
        try (OutputStream out = Files.newOutputStream(file)) {
            // Certificates in a store of this type can be read without a password.
            trusting("JKS").store(out, password);
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
        return file;
    }

    private synchronized KeyStore trusting(String type) throws GeneralSecurityException, IOException {
        KeyStore trust = KeyStore.getInstance(type);
        trust.load(null, null);
        trust.setCertificateEntry(CA, store.getCertificate(CA));
        return trust;
    }

    // ---- creation by keytool

    private static TestAuthority create() {
        char[] password = UUID.randomUUID().toString().toCharArray();
        try {
            KeyStore empty = KeyStore.getInstance("PKCS12");
            empty.load(null, null);
            List<String> options = List.of("-ext", "bc:c=ca:true", "-ext", "ku=keyCertSign,cRLSign");
            return new TestAuthority(issue(empty, password, CA, options), password);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** Returns a key store with one more key and its certificate. */
    private static KeyStore issue(KeyStore store, char[] password, String alias, List<String> options)
            throws GeneralSecurityException, IOException {
        Path directory = Files.createTempDirectory("test-authority");
        Path file = directory.resolve("store.p12");
        try {
            try (OutputStream out = Files.newOutputStream(file)) {
                store.store(out, password);
            }
            runKeytool(file, new String(password), alias, options);
            KeyStore issued = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(file)) {
                issued.load(in, password);
            }
            return issued;
        } finally {
            Files.deleteIfExists(file);
            Files.delete(directory);
        }
    }

    private static void runKeytool(Path file, String password, String alias, List<String> options) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-J-XX:TieredStopAtLevel=1",
                "-genkeypair",
                "-alias",
                alias,
                "-dname",
                "CN=blobstore test " + alias,
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-storetype",
                "PKCS12",
                "-keystore",
                file.toString(),
                "-storepass:env",
                "STORE_PASSWORD"));
        command.addAll(options);
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("STORE_PASSWORD", password);
        Process keytool = builder.start();
        try (InputStream output = keytool.getInputStream()) {
            String printed = new String(output.readAllBytes(), StandardCharsets.UTF_8);
            if (keytool.waitFor() != 0) {
                throw new AssertionError("keytool failed for '" + alias + "': " + printed);
            }
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted while keytool created '" + alias + "'", e);
        } finally {
            keytool.destroyForcibly();
        }
    }
}
