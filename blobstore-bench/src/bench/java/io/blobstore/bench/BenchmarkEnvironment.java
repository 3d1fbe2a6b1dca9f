package io.blobstore.bench;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the comparisons share: a directory with the content, servers, and the settings of client processes. */
final class BenchmarkEnvironment implements AutoCloseable {
    /** The JVM options of each client. The number of compiler threads is fixed, so that none ends uncounted. */
    static final List<String> CLIENT_OPTIONS =
            List.of("-XX:+UseG1GC", "-Xmx1g", "-XX:MaxDirectMemorySize=1g", "-XX:-UseDynamicNumberOfCompilerThreads");

    private static final Duration TIMEOUT = Duration.ofMinutes(1);
    private static final int REHEARSAL_BYTES = 64 * 1024;

    private final Workspace workspace;
    private final long size;
    private final Conditions conditions;
    private final Map<Served, ChildProcess> servers = new HashMap<>();
    private final Map<ChildProcess, URI> endpoints = new HashMap<>();
    private int clients;

    /** The protocol of a server and the size of its object. */
    private record Served(boolean encrypted, long size) {}

    /**
     * Creates the environment. Servers, content and certificates are created when they are first needed.
     *
     * @param parent where the directory is created
     * @param size bytes of the content
     */
    BenchmarkEnvironment(Path parent, long size, Conditions conditions) throws IOException {
        this.workspace = Workspace.in(parent);
        this.size = size;
        this.conditions = conditions;
    }

    private ChildProcess server(boolean encrypted, long objectSize) throws IOException, InterruptedException {
        ChildProcess running = servers.get(new Served(encrypted, objectSize));
        if (running != null) {
            return running;
        }
        List<String> arguments = new ArrayList<>(List.of(Long.toString(objectSize)));
        arguments.addAll(conditions.toArguments());
        if (encrypted) {
            arguments.add(certificates().directory().toString());
        }
        String scheme = encrypted ? "https" : "http";
        List<String> options = List.of("-Xmx256m", "-XX:MaxDirectMemorySize=256m", "-XX:+UseSerialGC");
        Path log = directory().resolve("server-" + scheme + "-" + objectSize + ".log");
        ChildProcess started = ChildProcess.start(DiscardServer.class, options, arguments, Map.of(), log);
        servers.put(new Served(encrypted, objectSize), started);
        String port = started.await("#port ", TIMEOUT, () -> {}).split(" ")[1];
        endpoints.put(started, URI.create(scheme + "://127.0.0.1:" + port));
        return started;
    }

    private Certificates certificates() throws IOException, InterruptedException {
        return Certificates.create(directory());
    }

    Path directory() {
        return workspace.directory();
    }

    /** Returns the transfer of a client. */
    TransferSpec spec(ClientType type, Operation operation, Transport transport, int partSize, int concurrency)
            throws IOException, InterruptedException {
        String key = operation + "/" + transport + "/" + type + "/" + concurrency;
        return spec(operation, transport, key, size, partSize, concurrency);
    }

    /** Returns the same transfer with little content, for many requests in a short time. */
    TransferSpec rehearsal(TransferSpec spec) throws IOException, InterruptedException {
        String key = spec.key() + "/rehearsal";
        return spec(spec.operation(), spec.transport(), key, REHEARSAL_BYTES, spec.partSize(), spec.concurrency());
    }

    private TransferSpec spec(
            Operation operation, Transport transport, String key, long bytes, int partSize, int concurrency)
            throws IOException, InterruptedException {
        URI endpoint = endpoints.get(server(transport.isEncrypted(), bytes));
        Path file = workspace.content((operation.isUpload() ? "source-" : "target-") + bytes, bytes);
        return new TransferSpec(operation, transport, endpoint, key, file, partSize, concurrency);
    }

    /** Returns the system properties of a client: its trust store, TLS engine, and invalid credentials. */
    Map<String, String> clientProperties(TransferSpec spec) throws IOException, InterruptedException {
        Map<String, String> properties = new TreeMap<>();
        properties.put("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        properties.put("java.io.tmpdir", directory().toString()); // for native libraries, deleted with the directory
        properties.put("aws.accessKeyId", "benchmark");
        properties.put("aws.secretAccessKey", "benchmark");
        properties.put("aws.region", TransferSpec.REGION);
        properties.put("aws.disableEc2Metadata", "true");
        properties.put("GOOGLE_CLOUD_PROJECT", "benchmark"); // read before options can be passed
        if (spec.transport().isEncrypted()) {
            String engine = spec.transport() == Transport.HTTPS ? "openssl" : "jdk";
            properties.put("io.blobstore.http.tlsEngine", engine);
            properties.put("javax.net.ssl.trustStore", certificates().keyStore().toString());
            properties.put("javax.net.ssl.trustStorePassword", Certificates.PASSWORD);
        }
        return properties;
    }

    /** Starts the process of a client, without the user's settings and without probes for a cloud platform. */
    ChildProcess startClient(ClientType type, TransferSpec spec, String... moreOptions)
            throws IOException, InterruptedException {
        List<String> options = new ArrayList<>(CLIENT_OPTIONS);
        options.addAll(List.of(moreOptions));
        clientProperties(spec).forEach((name, value) -> options.add("-D" + name + "=" + value));
        List<String> arguments = new ArrayList<>(List.of(type.name()));
        arguments.addAll(spec.toArguments());
        String nothing = directory().resolve("none").toString();
        Map<String, String> environment = new HashMap<>(Map.of(
                "AWS_CONFIG_FILE", nothing,
                "AWS_SHARED_CREDENTIALS_FILE", nothing,
                "NO_GCE_CHECK", "true",
                "CLOUDSDK_CONFIG", nothing));
        if (spec.transport().isEncrypted()) {
            environment.put("SSL_CERT_FILE", certificates().pem().toString()); // for native clients
        }
        Path log = directory().resolve("client-" + ++clients + "-" + type + ".log");
        return ChildProcess.start(ClientMain.class, options, arguments, environment, log);
    }

    /** The traffic of a transfer as counted by the server. */
    record Traffic(long bytes, String security) {}

    Traffic traffic(TransferSpec spec) throws IOException, InterruptedException {
        ChildProcess server = server(spec.transport().isEncrypted(), size);
        server.send("/" + TransferSpec.BUCKET + "/" + spec.key());
        String[] words = server.await("#traffic", TIMEOUT, () -> {}).split(" ", 4);
        return new Traffic(Long.parseLong(spec.isUpload() ? words[1] : words[2]), words[3]);
    }

    /** Returns the traffic of a transfer; fails if the server counted less than the rounds transferred. */
    Traffic requireTraffic(TransferSpec spec, int rounds) throws IOException, InterruptedException {
        Traffic passed = traffic(spec);
        long bytes = spec.operation().bytesOf(size);
        if (passed.bytes() < bytes * rounds) {
            throw new BenchmarkException(
                    "the server counted " + passed.bytes() + " bytes in " + rounds + " rounds of " + bytes);
        }
        return passed;
    }

    /** Stops the servers and deletes the directory. */
    @Override
    public void close() {
        servers.values().forEach(ChildProcess::close);
        workspace.close();
    }
}
