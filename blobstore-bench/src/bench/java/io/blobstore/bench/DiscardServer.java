package io.blobstore.bench;

import io.blobstore.bench.ServerObjects.Traffic;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/**
 * A server that implements as much of S3 and Cloud Storage as the measured clients need, discards uploaded content and
 * counts it. It listens on the loopback interface, uses one thread per connection and the JDK's TLS engine.
 */
final class DiscardServer implements Closeable {
    /** One cipher for all clients, in either version of the protocol. */
    private static final String[] CIPHERS = {"TLS_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"};

    private final ServerSocketChannel listener;
    private final Optional<SSLContext> tls;
    private final Conditions conditions;
    private final ServerObjects objects;
    private final XmlResponses xml;
    private final JsonResponses json;
    private final AtomicInteger writing = new AtomicInteger();

    private DiscardServer(Optional<SSLContext> tls, ServerObjects objects, Conditions conditions) throws IOException {
        this.tls = tls;
        this.conditions = conditions;
        this.objects = objects;
        this.xml = new XmlResponses(objects);
        this.json = new JsonResponses(objects);
        this.listener = ServerSocketChannel.open();
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    /** Starts a server on a free port. */
    static DiscardServer start(Optional<SSLContext> tls, long objectSize, Conditions conditions) throws IOException {
        return start(new DiscardServer(tls, ServerObjects.random(objectSize), conditions));
    }

    /** Starts a server without TLS on a free port, which serves the content of a file. */
    static DiscardServer start(Path served, Conditions conditions) throws IOException {
        return start(new DiscardServer(Optional.empty(), ServerObjects.file(served), conditions));
    }

    /**
     * Starts a server without TLS on a free port, which remembers the objects that were uploaded, not their content.
     */
    static DiscardServer startCatalog() throws IOException {
        return start(new DiscardServer(Optional.empty(), ServerObjects.catalog(), Conditions.NONE));
    }

    private static DiscardServer start(DiscardServer server) {
        startDaemon(server::accept, "accept");
        return server;
    }

    /**
     * Runs a server until standard input ends. Prints {@code #port N}; answers each line, which is a path, with its
     * traffic: {@code #traffic received sent security}.
     *
     * @param args the size of the served object or the path of a file with its content, the {@link Conditions}, and for
     *     HTTPS the directory of the {@link Certificates}
     */
    public static void main(String[] args) throws Exception {
        Optional<SSLContext> tls =
                args.length == 4 ? Optional.of(new Certificates(Path.of(args[3])).serverContext()) : Optional.empty();
        Conditions conditions = Conditions.ofArguments(Arrays.asList(args).subList(1, 3));
        boolean isFile = args[0].startsWith("/");
        try (DiscardServer server =
                        isFile ? start(Path.of(args[0]), conditions) : start(tls, Long.parseLong(args[0]), conditions);
                BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            System.out.println("#port " + server.port());
            for (String path = input.readLine(); path != null; path = input.readLine()) {
                Traffic passed = server.traffic(path);
                System.out.println("#traffic " + passed.received() + " " + passed.sent() + " " + passed.security());
            }
        }
    }

    int port() {
        return listener.socket().getLocalPort();
    }

    Traffic traffic(String path) {
        return objects.traffic(path);
    }

    /**
     * Returns how many bytes of content were sent so far. Waits for the end of the responses that are being written, as
     * clients may have closed their connections, but at most two seconds: a client may as well not read one.
     */
    long sent() {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
        while (writing.get() > 0 && System.nanoTime() - deadline < 0) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
        return objects.sent();
    }

    /** Returns what all requests have sent so far. */
    ServerObjects.Received received() {
        return objects.received();
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }

    private void accept() {
        try {
            while (true) {
                SocketChannel channel = listener.accept();
                startDaemon(() -> serve(channel), "connection");
            }
        } catch (AsynchronousCloseException e) {
            // the server is closed
        } catch (IOException e) {
            e.printStackTrace();
        }
    }

    private static void startDaemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    private void serve(SocketChannel channel) {
        try (channel) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            NetConnection connection = NetConnection.of(channel, tls.map(DiscardServer::engine));
            HttpInput input = new HttpInput(connection);
            for (Optional<HttpHead> head = input.head(); head.isPresent(); head = input.head()) {
                respond(head.get(), input, connection);
            }
        } catch (IOException e) {
            if (!isCancelled(e)) {
                System.err.println("connection ended: " + e); // for clients that fail because of it
            }
        }
    }

    /** Returns whether the client has closed the connection, as readers do that need no more of a response. */
    private static boolean isCancelled(IOException problem) {
        String message = String.valueOf(problem.getMessage());
        return message.equals("Broken pipe") || message.startsWith("Connection reset");
    }

    private static SSLEngine engine(SSLContext context) {
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(false);
        engine.setEnabledProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
        engine.setEnabledCipherSuites(CIPHERS);
        return engine;
    }

    private void respond(HttpHead request, HttpInput input, NetConnection connection) throws IOException {
        if (request.has("expect", "100-continue")) {
            connection.write(utf8("HTTP/1.1 100 Continue\r\n\r\n"));
        }
        boolean isJson = JsonResponses.isJson(request);
        ByteBuffer beginning = ByteBuffer.allocate(isJson ? JsonResponses.BEGINNING : 0);
        long bodyBytes = input.discardBody(request, beginning);
        objects.countRequest(request.bytes(), bodyBytes);
        String downloaded = isJson ? JsonResponses.downloaded(request) : request.path();
        Response response;
        if (downloaded.isEmpty()) {
            String origin = (tls.isPresent() ? "https://" : "http://")
                    + request.header("host").orElse("");
            byte[] bytes = Arrays.copyOf(beginning.array(), beginning.position());
            response =
                    json.respond(new JsonResponses.Request(request, bytes, bodyBytes, origin, connection.security()));
        } else {
            // The size of an object sent as a signed, chunked body is that of the decoded body.
            long size = request.header("x-amz-decoded-content-length")
                    .map(Long::parseLong)
                    .orElse(bodyBytes);
            response = xml.respond(request, size);
            objects.count(downloaded, new Traffic(size, response.sent(), connection.security()));
            response = isJson ? json.download(response) : response;
        }
        StringBuilder head = new StringBuilder("HTTP/1.1 " + response.status() + "\r\n");
        response.headers().forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
        head.append("Content-Length: " + response.length() + "\r\nx-amz-request-id: benchmark\r\n\r\n");
        writing.incrementAndGet();
        try {
            conditions.awaitLatency();
            connection.write(utf8(head + response.text()));
            conditions.write((from, to) -> objects.write(connection, from, to), response.from(), response.to());
        } finally {
            writing.decrementAndGet();
        }
    }

    private static ByteBuffer utf8(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }
}
