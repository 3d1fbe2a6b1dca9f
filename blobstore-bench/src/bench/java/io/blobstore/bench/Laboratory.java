package io.blobstore.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the experiments share: a directory with the content and certificates, the two servers, and how clients are started. */
final class Laboratory implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int CHUNK = 1 << 20;
    /** Of each client's JVM: the same for everybody. */
    static final List<String> CLIENT_OPTIONS = List.of("-XX:+UseG1GC", "-Xmx1g", "-XX:MaxDirectMemorySize=1g");

    /** Names a directory whose certificates are used, instead of new ones: for clients that are told whom to trust before. */
    static final String CERTIFICATES = "io.blobstore.bench.certificates";

    private final Path directory;
    private final long size;
    private final Conditions conditions;
    private final Map<Boolean, Server> servers = new HashMap<>();
    private @Nullable Certificates certificates;
    private int clients;

    /** A server in a process of its own. */
    private record Server(ChildProcess process, URI endpoint) {}

    /**
     * Sets it up. Servers, content and certificates are there when they are first asked for.
     *
     * @param parent where the directory is made
     * @param size bytes of the content
     * @param conditions of the servers
     */
    Laboratory(Path parent, long size, Conditions conditions) throws IOException {
        this.directory = Files.createTempDirectory(parent, "blobstore-benchmark");
        Runtime.getRuntime().addShutdownHook(new Thread(this::deleteDirectory)); // gigabytes, perhaps of memory
        this.size = size;
        this.conditions = conditions;
    }

    /** Where to put some directory: in memory, if there is room. */
    static Path parent(Optional<Path> wished, long bytes) throws IOException {
        if (wished.isPresent()) {
            return wished.get();
        }
        Path shared = Path.of("/dev/shm");
        boolean hasRoom = Files.isWritable(shared) && Files.getFileStore(shared).getUsableSpace() > bytes;
        return hasRoom ? shared : Path.of(System.getProperty("java.io.tmpdir"));
    }

    private static void fill(Path file, long size) throws IOException {
        byte[] chunk = new byte[CHUNK];
        Random random = new Random(file.hashCode());
        try (OutputStream output = Files.newOutputStream(file)) {
            for (long at = 0; at < size; at += CHUNK) {
                random.nextBytes(chunk);
                output.write(chunk, 0, (int) Math.min(CHUNK, size - at));
            }
        }
    }

    private Server server(boolean encrypted) throws IOException, InterruptedException {
        Server running = servers.get(encrypted);
        if (running == null) {
            List<String> arguments = new ArrayList<>(List.of(Long.toString(size)));
            arguments.addAll(conditions.toArguments());
            if (encrypted) {
                arguments.add(certificates().directory().toString());
            }
            String scheme = encrypted ? "https" : "http";
            ChildProcess process = ChildProcess.start(
                    DiscardServer.class,
                    List.of("-Xmx256m", "-XX:MaxDirectMemorySize=256m", "-XX:+UseSerialGC"),
                    arguments,
                    Map.of(),
                    directory.resolve("server-" + scheme + ".log"));
            String port = process.await("#port ", PATIENCE, () -> {}).split(" ")[1];
            running = new Server(process, URI.create(scheme + "://127.0.0.1:" + port));
            servers.put(encrypted, running);
        }
        return running;
    }

    private Certificates certificates() throws IOException, InterruptedException {
        Certificates made = certificates;
        if (made == null) {
            String given = System.getProperty(CERTIFICATES);
            made = given == null ? newCertificates(directory) : Certificates.in(Path.of(given));
            certificates = made;
        }
        return made;
    }

    static Certificates newCertificates(Path directory) throws IOException, InterruptedException {
        try {
            return Certificates.create(directory);
        } catch (GeneralSecurityException e) {
            throw new BenchmarkException("certificates cannot be made: " + e.getMessage());
        }
    }

    /** The file of some name; filled, if it is not there yet. */
    private Path content(String name) throws IOException {
        Path file = directory.resolve(name);
        if (Files.notExists(file)) {
            fill(file, size);
        }
        return file;
    }

    Path directory() {
        return directory;
    }

    /** What a competitor has to do in a scenario. */
    Job job(Competitor competitor, Scenario scenario, int partSize, int concurrency)
            throws IOException, InterruptedException {
        return new Job(
                scenario,
                server(scenario.transport.isEncrypted()).endpoint(),
                scenario.name() + "/" + competitor.name() + "/" + concurrency,
                content(scenario.direction == Scenario.Direction.UPLOAD ? "source" : "target"),
                partSize,
                concurrency);
    }

    /** The system properties of a client: whom it trusts, who encrypts, and credentials that open nothing. */
    Map<String, String> clientProperties(Job job) throws IOException, InterruptedException {
        Map<String, String> properties = new TreeMap<>();
        properties.put("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        properties.put("aws.accessKeyId", "benchmark");
        properties.put("aws.secretAccessKey", "benchmark");
        properties.put("aws.region", Job.REGION);
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
    static Map<String, String> clientEnvironment(Path directory, Certificates certificates) {
        return Map.of(
                "SSL_CERT_FILE", certificates.pem().toString(), // the trust of those that are no JDK
                "AWS_CONFIG_FILE", directory.resolve("none").toString(),
                "AWS_SHARED_CREDENTIALS_FILE", directory.resolve("none").toString(),
                "NO_GCE_CHECK", "true",
                "CLOUDSDK_CONFIG", directory.resolve("none").toString());
    }

    /** Starts a client's process. */
    ChildProcess startClient(Competitor competitor, Job job, String... moreOptions)
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
                clientEnvironment(directory, certificates()),
                directory.resolve(log));
    }

    /**
     * Asks the server what has passed for a job, and fails if that is less than the content times the rounds.
     *
     * @return what the connections were protected by
     */
    String requireTraffic(Job job, int rounds) throws IOException, InterruptedException {
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
    long passed(Job job) throws IOException, InterruptedException {
        return passed(job, traffic(job));
    }

    private String[] traffic(Job job) throws IOException, InterruptedException {
        ChildProcess server =
                servers.get(job.scenario().transport.isEncrypted()).process();
        server.send("/" + Job.BUCKET + "/" + job.key());
        return server.await("#traffic", PATIENCE, () -> {}).split(" ", 4);
    }

    private static long passed(Job job, String[] traffic) {
        return Long.parseLong(job.isUpload() ? traffic[1] : traffic[2]);
    }

    /** Ends the servers and deletes the directory. */
    @Override
    public void close() {
        servers.values().forEach(server -> server.process().close());
        deleteDirectory();
    }

    private synchronized void deleteDirectory() {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            System.err.println("benchmark: " + directory + " could not be deleted: " + e);
        }
    }
}
