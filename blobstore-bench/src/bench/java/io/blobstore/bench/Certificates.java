package io.blobstore.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * A certificate authority that lives as long as a benchmark, and the server's certificate, in files of one directory.
 */
final class Certificates {
    /** Holds certificates only, which are no secret; the JDK wants a password all the same. */
    static final String TRUST_PASSWORD = "changeit";

    private static final String PASSWORD_VARIABLE = "BLOBSTORE_BENCHMARK_KEYSTORE";
    private static final int MINUTE = 60;

    private final Path directory;

    private Certificates(Path directory) {
        this.directory = directory;
    }

    /** Those that were made in a directory before. */
    static Certificates in(Path directory) {
        return new Certificates(directory);
    }

    /** Makes them, with the JDK's keytool. */
    static Certificates create(Path directory) throws IOException, InterruptedException, GeneralSecurityException {
        Certificates made = new Certificates(directory);
        byte[] password = new byte[16];
        new SecureRandom().nextBytes(password);
        Files.writeString(made.passwordFile(), HexFormat.of().formatHex(password));
        made.keytool("-genkeypair", "-alias", "ca", "-dname", "CN=Benchmark CA", "-ext", "bc:c=ca:true");
        made.keytool(
                "-genkeypair",
                "-alias",
                "server",
                "-signer",
                "ca",
                "-dname",
                "CN=localhost",
                "-ext",
                "san=dns:localhost,ip:127.0.0.1");
        made.keytool("-exportcert", "-rfc", "-alias", "ca", "-file", made.pem().toString());
        made.makeTrustStore();
        return made;
    }

    Path directory() {
        return directory;
    }

    /** The authority's certificate, for clients that are no JDK. */
    Path pem() {
        return directory.resolve("ca.pem");
    }

    /** The authority's certificate, for {@code javax.net.ssl.trustStore}. */
    Path trustStore() {
        return directory.resolve("trust.p12");
    }

    private Path keyStore() {
        return directory.resolve("server.p12");
    }

    private Path passwordFile() {
        return directory.resolve("server.password");
    }

    private void keytool(String... arguments) throws IOException, InterruptedException {
        boolean isNew = arguments[0].equals("-genkeypair");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(List.of(arguments));
        command.addAll(List.of("-keystore", keyStore().toString(), "-storepass:env", PASSWORD_VARIABLE));
        if (isNew) {
            command.addAll(List.of("-keyalg", "RSA", "-keysize", "2048", "-validity", "2", "-storetype", "PKCS12"));
        }
        Path log = directory.resolve("keytool.log");
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().put(PASSWORD_VARIABLE, Files.readString(passwordFile()));
        Process process = builder.start();
        if (!process.waitFor(MINUTE, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new BenchmarkException("keytool could not make certificates: " + Files.readString(log));
        }
    }

    private void makeTrustStore() throws IOException, GeneralSecurityException {
        KeyStore trust = KeyStore.getInstance("PKCS12");
        trust.load(null, null);
        try (InputStream input = Files.newInputStream(pem());
                OutputStream output = Files.newOutputStream(trustStore())) {
            Certificate authority = CertificateFactory.getInstance("X.509").generateCertificate(input);
            trust.setCertificateEntry("ca", authority);
            trust.store(output, TRUST_PASSWORD.toCharArray());
        }
    }

    /** What the server identifies itself with. */
    SSLContext serverContext() throws IOException, GeneralSecurityException {
        char[] password = Files.readString(passwordFile()).toCharArray();
        KeyStore all = KeyStore.getInstance("PKCS12");
        try (InputStream input = Files.newInputStream(keyStore())) {
            all.load(input, password);
        }
        all.deleteEntry("ca"); // or the server might choose the authority's own key
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(all, password);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }
}
