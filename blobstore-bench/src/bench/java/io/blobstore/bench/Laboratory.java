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
import java.util.stream.Stream;

/** What the experiments share: a directory with the content and certificates, the two servers, and how clients are started. */
final class Laboratory implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int CHUNK = 1 << 20;
    /** Of each client's JVM: the same for everybody. */
    static final List<String> CLIENT_OPTIONS = List.of("-XX:+UseG1GC", "-Xmx1g", "-XX:MaxDirectMemorySize=1g");

    private final Path directory;
    private final long size;
    private final Certificates certificates;
    private final ChildProcess http;
    private final URI httpEndpoint;
    private final ChildProcess https;
    private final URI httpsEndpoint;
    private int clients;

    /**
     * Sets it up.
     *
     * @param parent where the directory is made
     * @param size bytes of the content
     * @param distance of the server over HTTP
     */
    Laboratory(Path parent, long size, Distance distance)
            throws IOException, InterruptedException, GeneralSecurityException {
        this.directory = Files.createTempDirectory(parent, "blobstore-benchmark");
        Runtime.getRuntime().addShutdownHook(new Thread(this::deleteDirectory)); // gigabytes, perhaps of memory
        this.size = size;
        fill(source(), size);
        fill(target(), size);
        this.certificates = Certificates.create(directory);
        this.http = startServer(
                List.of(Long.toString(size), distance.latency().toString(), "" + distance.bytesPerSecond()),
                "server-http.log");
        this.httpEndpoint = endpoint("http", http);
        this.https = startServer(List.of(Long.toString(size), directory.toString()), "server-https.log");
        this.httpsEndpoint = endpoint("https", https);
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

    private ChildProcess startServer(List<String> arguments, String log) throws IOException {
        List<String> options = List.of("-Xmx256m", "-XX:MaxDirectMemorySize=256m", "-XX:+UseSerialGC");
        return ChildProcess.start(DiscardServer.class, options, arguments, Map.of(), directory.resolve(log));
    }

    private static URI endpoint(String scheme, ChildProcess server) throws InterruptedException {
        String port = server.await("#port ", PATIENCE, () -> {}).split(" ")[1];
        return URI.create(scheme + "://127.0.0.1:" + port);
    }

    private Path source() {
        return directory.resolve("source");
    }

    private Path target() {
        return directory.resolve("target");
    }

    Path directory() {
        return directory;
    }

    /** What a competitor has to do in a scenario. */
    Job job(Competitor competitor, Scenario scenario, int partSize, int concurrency) {
        return new Job(
                scenario,
                scenario.transport.isEncrypted() ? httpsEndpoint : httpEndpoint,
                scenario.name() + "/" + competitor.name() + "/" + concurrency,
                scenario.direction == Scenario.Direction.UPLOAD ? source() : target(),
                partSize,
                concurrency);
    }

    /** Starts a client's process. It trusts the authority of this laboratory, and is given credentials that open nothing. */
    ChildProcess startClient(Competitor competitor, Job job, String... moreOptions) throws IOException {
        List<String> options = new ArrayList<>(CLIENT_OPTIONS);
        options.addAll(List.of(moreOptions));
        options.add("-Djavax.net.ssl.trustStore=" + certificates.trustStore());
        options.add("-Djavax.net.ssl.trustStorePassword=" + Certificates.TRUST_PASSWORD);
        options.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
        switch (job.scenario().transport) {
            case HTTP -> {}
            case HTTPS_OPENSSL -> options.add("-Dio.blobstore.http.tlsEngine=openssl");
            case HTTPS_JDK -> options.add("-Dio.blobstore.http.tlsEngine=jdk");
        }
        List<String> arguments = new ArrayList<>(List.of(competitor.name()));
        arguments.addAll(job.toArguments());
        Map<String, String> environment = new HashMap<>();
        environment.put("SSL_CERT_FILE", certificates.pem().toString()); // the CRT's trust
        environment.put("AWS_ACCESS_KEY_ID", "benchmark");
        environment.put("AWS_SECRET_ACCESS_KEY", "benchmark");
        environment.put("AWS_REGION", Job.REGION);
        environment.put("AWS_EC2_METADATA_DISABLED", "true");
        environment.put("AWS_CONFIG_FILE", directory.resolve("none").toString());
        environment.put("AWS_SHARED_CREDENTIALS_FILE", directory.resolve("none").toString());
        // Google's transfer manager makes default options before it is told others: it shall not look for a cloud that
        // it runs in.
        environment.put("GOOGLE_CLOUD_PROJECT", "benchmark");
        environment.put("NO_GCE_CHECK", "true");
        environment.put("CLOUDSDK_CONFIG", directory.resolve("none").toString());
        String log = "client-" + ++clients + "-" + competitor.name() + ".log";
        return ChildProcess.start(ClientMain.class, options, arguments, environment, directory.resolve(log));
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
        ChildProcess server = job.scenario().transport.isEncrypted() ? https : http;
        server.send("/" + Job.BUCKET + "/" + job.key());
        return server.await("#traffic", PATIENCE, () -> {}).split(" ", 4);
    }

    private static long passed(Job job, String[] traffic) {
        return Long.parseLong(job.isUpload() ? traffic[1] : traffic[2]);
    }

    /** Ends the servers and deletes the directory. */
    @Override
    public void close() {
        http.close();
        https.close();
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
