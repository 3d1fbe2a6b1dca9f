package io.blobstore.server.interop;

import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.contract.ChildJvm;
import io.blobstore.server.CacheServer;
import io.blobstore.server.GrpcOptions;
import io.blobstore.server.HttpOptions;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Predicate;

/**
 * A cache server in another JVM, which speaks both protocols on free ports of the loopback address. It writes its
 * access log to its output. Ends with the JVM that started it. Thread-safe.
 */
public final class ServerProcess implements AutoCloseable {
    private static final String READY = "ready at ";
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final ChildJvm.Running process;
    private final int httpPort;
    private final int grpcPort;

    private ServerProcess(ChildJvm.Running process, int httpPort, int grpcPort) {
        this.process = process;
        this.httpPort = httpPort;
        this.grpcPort = grpcPort;
    }

    /** Starts a server for the cache in a directory, and waits until it accepts connections. */
    public static ServerProcess start(Path cache) throws IOException, InterruptedException {
        ChildJvm.Running process =
                ChildJvm.of(ServerProcess.class, cache.getParent()).start(cache.toString());
        try {
            String[] ports = process.awaitLine(line -> line.startsWith(READY), PATIENCE)
                    .substring(READY.length())
                    .split(" ");
            return new ServerProcess(process, Integer.parseInt(ports[0]), Integer.parseInt(ports[1]));
        } catch (InterruptedException | AssertionError e) {
            process.close();
            throw e;
        }
    }

    /**
     * Runs the server.
     *
     * @param args the directory of the cache
     */
    public static void main(String[] args) throws IOException {
        try (ContentCache cache = ContentCache.open(Path.of(args[0]), CacheOptions.ofMaxBytes(1L << 30));
                CacheServer server = CacheServer.builder(cache)
                        .http(HttpOptions.builder().build())
                        .grpc(GrpcOptions.builder().build())
                        .start()) {
            System.out.println(READY + server.httpAddress().getPort() + " "
                    + server.grpcAddress().getPort());
            while (System.in.read() >= 0) {
                // until the parent closes the pipe
            }
        }
    }

    /** Returns the address for HTTP. */
    public URI http() {
        return URI.create("http://127.0.0.1:" + httpPort);
    }

    /** Returns the address for gRPC. */
    public URI grpc() {
        return URI.create("grpc://" + grpcTarget());
    }

    /** Returns host and port for gRPC. */
    public String grpcTarget() {
        return "127.0.0.1:" + grpcPort;
    }

    /** Returns the address for gRPC, to connect to. */
    public InetSocketAddress grpcAddress() {
        return new InetSocketAddress("127.0.0.1", grpcPort);
    }

    /** Waits for a line of the access log, or takes one that was written before. */
    public String awaitAccess(Predicate<String> wanted) throws InterruptedException {
        return process.awaitLine(line -> line.contains("io.blobstore.server.access") && wanted.test(line), PATIENCE);
    }

    /** Returns how many requests of an operation have ended with a code so far. */
    public long requests(String protocol, String operation, String code) throws IOException {
        URLConnection connection = http().resolve("/metrics").toURL().openConnection();
        connection.setRequestProperty("Connection", "close");
        try (InputStream body = connection.getInputStream()) {
            return new String(body.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> line.startsWith("blobstore_server_requests_total{")
                            && line.contains("protocol=\"" + protocol + '"')
                            && line.contains("operation=\"" + operation + '"')
                            && line.contains("code=\"" + code + '"'))
                    .mapToLong(line -> Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)))
                    .sum();
        }
    }

    /** Kills the server, as {@code kill -9} does. */
    @Override
    public void close() {
        process.close();
    }
}
