package io.blobstore.bench;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the experiments share: a directory with the content and certificates, the servers, and how clients are started.
 */
final class BenchmarkEnvironment implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    /** Bytes of what clients rehearse with. */
    private static final int LITTLE = 64 * 1024;

    /**
     * Of each client's JVM: the same for everybody. The compilers' threads stay, so that their CPU time can be told.
     */
    static final List<String> CLIENT_OPTIONS =
            List.of("-XX:+UseG1GC", "-Xmx1g", "-XX:MaxDirectMemorySize=1g", "-XX:-UseDynamicNumberOfCompilerThreads");

    private final Workspace workspace;
    private final long size;
    private final Conditions conditions;
    private final Map<Served, Server> servers = new HashMap<>();
    private @Nullable Certificates certificates;
    private int clients;

    /** What a server is asked for: by what protocol, and bytes of its object. */
    private record Served(boolean encrypted, long size) {}

    /** A server in a process of its own. */
    private record Server(ChildProcess process, URI endpoint) {}

    /**
     * Sets it up. Servers, content and certificates are there when they are first asked for.
     *
     * @param parent where the directory is made
     * @param size bytes of the content
     * @param conditions of the servers
     */
    BenchmarkEnvironment(Path parent, long size, Conditions conditions) throws IOException {
        this.workspace = Workspace.in(parent);
        this.size = size;
        this.conditions = conditions;
    }

    private Server server(Served served) throws IOException, InterruptedException {
        Server running = servers.get(served);
        if (running == null) {
            List<String> arguments = new ArrayList<>(List.of(Long.toString(served.size)));
            arguments.addAll(conditions.toArguments());
            if (served.encrypted) {
                arguments.add(certificates().directory().toString());
            }
            String scheme = served.encrypted ? "https" : "http";
            ChildProcess process = ChildProcess.start(
                    DiscardServer.class,
                    List.of("-Xmx256m", "-XX:MaxDirectMemorySize=256m", "-XX:+UseSerialGC"),
                    arguments,
                    Map.of(),
                    directory().resolve("server-" + scheme + "-" + served.size + ".log"));
            String port = process.await("#port ", PATIENCE, () -> {}).split(" ")[1];
            running = new Server(process, URI.create(scheme + "://127.0.0.1:" + port));
            servers.put(served, running);
        }
        return running;
    }

    private Certificates certificates() throws IOException, InterruptedException {
        Certificates made = certificates;
        if (made == null) {
            try {
                made = Certificates.create(directory());
            } catch (GeneralSecurityException e) {
                throw new BenchmarkException("certificates cannot be made: " + e.getMessage());
            }
            certificates = made;
        }
        return made;
    }

    Path directory() {
        return workspace.directory();
    }

    /** What a competitor has to do in a scenario. */
    TransferSpec job(Competitor competitor, Scenario scenario, int partSize, int concurrency)
            throws IOException, InterruptedException {
        String key = scenario.name() + "/" + competitor.name() + "/" + concurrency;
        return job(scenario, key, size, partSize, concurrency);
    }

    /** The same with hardly any content, so that there are many requests in little time. */
    TransferSpec rehearsal(TransferSpec job) throws IOException, InterruptedException {
        return job(job.scenario(), job.key() + "/rehearsal", LITTLE, job.partSize(), job.concurrency());
    }

    private TransferSpec job(Scenario scenario, String key, long bytes, int partSize, int concurrency)
            throws IOException, InterruptedException {
        return new TransferSpec(
                scenario,
                server(new Served(scenario.transport.isEncrypted(), bytes)).endpoint(),
                key,
                workspace.content((scenario.direction.isUpload() ? "source-" : "target-") + bytes, bytes),
                partSize,
                concurrency);
    }

    /** The system properties of a client: whom it trusts, who encrypts, and credentials that open nothing. */
    Map<String, String> clientProperties(TransferSpec job) throws IOException, InterruptedException {
        Map<String, String> properties = new TreeMap<>();
        properties.put("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        properties.put("aws.accessKeyId", "benchmark");
        properties.put("aws.secretAccessKey", "benchmark");
        properties.put("aws.region", TransferSpec.REGION);
        properties.put("aws.disableEc2Metadata", "true");
        // Google's transfer manager makes default options before it is told others.
        properties.put("GOOGLE_CLOUD_PROJECT", "benchmark");
        switch (job.scenario().transport) {
            case HTTP -> {}
            case HTTPS_OPENSSL -> properties.put("io.blobstore.http.tlsEngine", "openssl");
            case HTTPS_JDK -> properties.put("io.blobstore.http.tlsEngine", "jdk");
        }
        if (job.scenario().transport.isEncrypted()) {
            properties.put(
                    "javax.net.ssl.trustStore", certificates().trustStore().toString());
            properties.put("javax.net.ssl.trustStorePassword", Certificates.TRUST_PASSWORD);
        }
        return properties;
    }

    /** The environment of a client: nothing of this machine's user, and nobody that looks for a cloud it runs in. */
    private static Map<String, String> clientEnvironment(Certificates certificates) {
        String nothing = certificates.directory().resolve("none").toString();
        return Map.of(
                "SSL_CERT_FILE", certificates.pem().toString(), // the trust of those that are no JDK
                "AWS_CONFIG_FILE", nothing,
                "AWS_SHARED_CREDENTIALS_FILE", nothing,
                "NO_GCE_CHECK", "true",
                "CLOUDSDK_CONFIG", nothing);
    }

    /** Starts a client's process. */
    ChildProcess startClient(Competitor competitor, TransferSpec job, String... moreOptions)
            throws IOException, InterruptedException {
        List<String> options = new ArrayList<>(CLIENT_OPTIONS);
        options.addAll(List.of(moreOptions));
        clientProperties(job).forEach((name, value) -> options.add("-D" + name + "=" + value));
        List<String> arguments = new ArrayList<>(List.of(competitor.name()));
        arguments.addAll(job.toArguments());
        String log = "client-" + ++clients + "-" + competitor.name() + ".log";
        return ChildProcess.start(
                ClientMain.class,
                options,
                arguments,
                clientEnvironment(certificates()),
                directory().resolve(log));
    }

    /**
     * Asks the server what has passed for a job, and fails if that is less than the content times the rounds.
     *
     * @return what the connections were protected by
     */
    String requireTraffic(TransferSpec job, int rounds) throws IOException, InterruptedException {
        String[] traffic = traffic(job);
        long bytes = job.scenario().bytesOf(size);
        long passed = passed(job, traffic);
        if (passed < bytes * rounds) {
            throw new BenchmarkException(
                    "the server saw only " + passed + " bytes in " + rounds + " rounds of " + bytes);
        }
        return traffic[3];
    }

    /** The bytes of content that the server saw of a job. */
    long passed(TransferSpec job) throws IOException, InterruptedException {
        return passed(job, traffic(job));
    }

    private String[] traffic(TransferSpec job) throws IOException, InterruptedException {
        ChildProcess server =
                server(new Served(job.scenario().transport.isEncrypted(), size)).process();
        server.send("/" + TransferSpec.BUCKET + "/" + job.key());
        return server.await("#traffic", PATIENCE, () -> {}).split(" ", 4);
    }

    private static long passed(TransferSpec job, String[] traffic) {
        return Long.parseLong(job.isUpload() ? traffic[1] : traffic[2]);
    }

    /** Ends the servers and deletes everything. */
    @Override
    public void close() {
        servers.values().forEach(server -> server.process().close());
        workspace.close();
    }
}
