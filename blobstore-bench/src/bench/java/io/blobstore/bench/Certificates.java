package io.blobstore.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * The self-signed certificate of the server, in files of a directory that is deleted after the benchmark. The key store
 * also serves as trust store: the JDK trusts the certificates of its key entries.
 */
record Certificates(Path directory) {
    /** The password of the key store, which lives as long as the benchmark and identifies a loopback server only. */
    static final String PASSWORD = "changeit";

    /** Creates a certificate with the JDK's keytool, unless the directory has one. */
    static Certificates create(Path directory) throws IOException, InterruptedException {
        Certificates created = new Certificates(directory);
        if (Files.exists(created.pem())) {
            return created;
        }
        created.keytool(
                "-genkeypair -dname CN=localhost -ext bc:c=ca:true -ext san=dns:localhost,ip:127.0.0.1 -keyalg RSA"
                        + " -keysize 2048 -validity 2 -storetype PKCS12");
        created.keytool("-exportcert -rfc -file server.pem");
        return created;
    }

    /** Returns the certificate as PEM, for clients that do not use the JDK's trust store. */
    Path pem() {
        return directory.resolve("server.pem");
    }

    /** Returns the key store, which is the value for {@code javax.net.ssl.trustStore}, too. */
    Path keyStore() {
        return directory.resolve("server.p12");
    }

    private void keytool(String arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(List.of(arguments.split(" ")));
        command.addAll(List.of("-alias", "server", "-keystore", "server.p12", "-storepass", PASSWORD));
        Path log = directory.resolve("keytool.log");
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        if (!process.waitFor(1, TimeUnit.MINUTES) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new BenchmarkException("keytool could not create a certificate: " + Files.readString(log));
        }
    }

    SSLContext serverContext() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream input = Files.newInputStream(keyStore())) {
            store.load(input, PASSWORD.toCharArray());
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }
}
