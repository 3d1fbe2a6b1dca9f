package io.blobstore.bench;

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
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/**
 * A server that speaks as much of S3 and Cloud Storage as the contestants need, throws away what it is sent, and counts
 * it. Listens on the loopback interface only. One thread for each connection; encrypts with the JDK's engine.
 */
final class DiscardServer implements Closeable {
    /** The same cipher for everybody, in either version of the protocol. */
    private static final String[] CIPHERS = {"TLS_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"};

    /**
     * What has passed for one object.
     *
     * @param received bytes of request bodies; of the JSON API, bytes of content
     * @param sent bytes of content
     * @param security what the connections were protected by
     */
    record Traffic(long received, long sent, Set<String> security) {
        static final Traffic NONE = new Traffic(0, 0, Set.of());

        Traffic plus(Traffic more) {
            Set<String> all = new TreeSet<>(security);
            all.addAll(more.security);
            return new Traffic(received + more.received, sent + more.sent, Set.copyOf(all));
        }
    }

    private final ServerSocketChannel listener;
    private final Optional<SSLContext> tls;
    private final Conditions conditions;
    private final ServedObject served;
    private final XmlResponses xml;
    private final JsonResponses json;
    /** Parts and ranges that were asked for so far. */
    private final AtomicLong parts = new AtomicLong();

    private final Map<String, Traffic> traffic = new ConcurrentHashMap<>();

    private DiscardServer(Optional<SSLContext> tls, long objectSize, Conditions conditions) throws IOException {
        this.tls = tls;
        this.conditions = conditions;
        this.served = new ServedObject(objectSize);
        StoredObjects objects = new StoredObjects();
        this.xml = new XmlResponses(served, objects);
        this.json = new JsonResponses(served, objects);
        this.listener = ServerSocketChannel.open();
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    /** Starts it, on a free port. */
    static DiscardServer start(Optional<SSLContext> tls, long objectSize) throws IOException {
        return start(tls, objectSize, Conditions.NONE);
    }

    /** Starts it, on a free port, with what clients have to put up with. */
    static DiscardServer start(Optional<SSLContext> tls, long objectSize, Conditions conditions) throws IOException {
        DiscardServer server = new DiscardServer(tls, objectSize, conditions);
        daemon(server::accept, "accept");
        return server;
    }

    /**
     * Runs it until its standard input ends. Says {@code #port N}; answers each line, which is a path, with its
     * traffic: {@code #traffic received sent security}.
     *
     * @param args the size of the object that it serves, its {@link Conditions}, and, for HTTPS, the directory of its
     *     {@link Certificates}
     */
    public static void main(String[] args) throws Exception {
        Optional<SSLContext> tls =
                args.length == 5 ? Optional.of(Certificates.in(Path.of(args[4])).serverContext()) : Optional.empty();
        Conditions conditions = Conditions.ofArguments(Arrays.asList(args).subList(1, 4));
        try (DiscardServer server = start(tls, Long.parseLong(args[0]), conditions);
                BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            System.out.println("#port " + server.port());
            for (String path = input.readLine(); path != null; path = input.readLine()) {
                Traffic passed = server.traffic(path);
                System.out.println("#traffic " + passed.received() + " " + passed.sent() + " "
                        + String.join(", ", passed.security()));
            }
        }
    }

    int port() throws IOException {
        return ((InetSocketAddress) listener.getLocalAddress()).getPort();
    }

    Traffic traffic(String path) {
        return traffic.getOrDefault(path, Traffic.NONE);
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }

    private void accept() {
        try {
            while (true) {
                SocketChannel channel = listener.accept();
                daemon(() -> serve(channel), "connection");
            }
        } catch (AsynchronousCloseException e) {
            // closed: the end
        } catch (IOException e) {
            e.printStackTrace();
        }
    }

    private static void daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    // ---- one connection

    private void serve(SocketChannel channel) {
        try (channel) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            Wire wire = tls.isPresent() ? new EngineWire(channel, engine(tls.get())) : Wire.plain(channel);
            HttpInput input = new HttpInput(wire);
            for (Optional<HttpHead> head = input.head(); head.isPresent(); head = input.head()) {
                answer(head.get(), input, wire);
            }
        } catch (IOException e) { // the client's business, but good to know when one does not get through
            System.err.println("connection ended: " + e);
        }
    }

    private static SSLEngine engine(SSLContext context) {
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(false);
        engine.setEnabledProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
        engine.setEnabledCipherSuites(CIPHERS);
        return engine;
    }

    private void answer(HttpHead request, HttpInput input, Wire wire) throws IOException {
        if (request.header("expect").filter("100-continue"::equalsIgnoreCase).isPresent()) {
            wire.write(ascii("HTTP/1.1 100 Continue\r\n\r\n"));
        }
        XmlResponses.Answer answer =
                JsonRequest.isJson(request) ? json(request, input, wire) : xml(request, input, wire);
        StringBuilder head = new StringBuilder("HTTP/1.1 " + answer.status() + "\r\n");
        answer.headers()
                .forEach((name, value) ->
                        head.append(name).append(": ").append(value).append("\r\n"));
        head.append("Content-Length: ").append(answer.length()).append("\r\n");
        head.append("x-amz-request-id: benchmark\r\n\r\n");
        conditions.travel();
        wire.write(ascii(head + answer.text()));
        conditions.write((from, to) -> served.write(wire, from, to), answer.from(), answer.to());
    }

    private XmlResponses.Answer xml(HttpHead request, HttpInput input, Wire wire) throws IOException {
        long wireBytes = input.discardBody(request, ByteBuffer.allocate(0));
        // What a signed, chunked body decodes to is the object's size.
        long bodyBytes = request.header("x-amz-decoded-content-length")
                .map(Long::parseLong)
                .orElse(wireBytes);
        if (isRefused(request)) {
            return XmlResponses.refused();
        }
        XmlResponses.Answer answer = xml.answer(request, bodyBytes);
        count(request.path(), new Traffic(bodyBytes, answer.to() - answer.from(), Set.of(wire.security())));
        return answer;
    }

    private boolean isRefused(HttpHead request) {
        boolean hasContent = request.query().containsKey("partNumber")
                || request.header("range").isPresent();
        return hasContent && conditions.refuses(parts.incrementAndGet());
    }

    private XmlResponses.Answer json(HttpHead request, HttpInput input, Wire wire) throws IOException {
        ByteBuffer beginning = ByteBuffer.allocate(JsonRequest.BEGINNING);
        long bodyBytes = input.discardBody(request, beginning);
        JsonRequest parsed = JsonRequest.parse(request, beginning.flip(), bodyBytes);
        if (parsed.kind() == JsonRequest.Kind.DOWNLOAD) {
            return download(request, parsed.path(), wire);
        }
        XmlResponses.Answer answer = json.answer(
                parsed,
                (tls.isPresent() ? "https://" : "http://")
                        + request.header("host").orElse(""));
        if (parsed.kind() == JsonRequest.Kind.DELETE) {
            traffic.remove(parsed.path()); // parts of composite uploads, hundreds of them each time
        } else {
            Traffic passed = new Traffic(parsed.contentSize(), 0, Set.of(wire.security()));
            for (String source : parsed.sourcePaths()) { // their content is what the object has come by
                passed = passed.plus(traffic(source));
            }
            count(parsed.path(), passed);
        }
        return answer;
    }

    private XmlResponses.Answer download(HttpHead request, String path, Wire wire) {
        if (isRefused(request)) {
            return XmlResponses.refused();
        }
        XmlResponses.Answer answer = xml.answer(request, 0);
        count(path, new Traffic(0, answer.to() - answer.from(), Set.of(wire.security())));
        return answer.to() > answer.from() ? json.download(answer) : answer;
    }

    private void count(String path, Traffic passed) {
        traffic.merge(path, passed, Traffic::plus);
    }

    private static ByteBuffer ascii(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }
}
