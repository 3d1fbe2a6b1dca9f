package io.blobstore.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The client of the server's benchmark: it counts complete responses only. */
class HttpLoadTest {
    private static final int SIZE = 200_000;
    /** The length of the line that makes a content new. */
    private static final int LINE = 64;

    @TempDir
    Path directory;

    /** A server that reads heads of requests, and answers each with the same pieces. */
    private record Answering(ServerSocketChannel listener, AtomicInteger requests) implements AutoCloseable {
        static Answering start(String... pieces) throws IOException {
            Answering server = new Answering(ServerSocketChannel.open(), new AtomicInteger());
            server.listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            daemon(() -> server.accept(pieces));
            return server;
        }

        private static void daemon(Runnable task) {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            thread.start();
        }

        private void accept(String... pieces) {
            try {
                while (true) {
                    SocketChannel channel = listener.accept();
                    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                    daemon(() -> serve(channel, pieces));
                }
            } catch (IOException e) {
                // the test is over
            }
        }

        private void serve(SocketChannel channel, String... pieces) {
            try (NetConnection connection = NetConnection.of(channel, Optional.empty())) {
                HttpInput input = new HttpInput(connection);
                while (input.head().isPresent()) {
                    requests.incrementAndGet();
                    for (String piece : pieces) {
                        if (piece.isEmpty()) {
                            return;
                        }
                        connection.write(ByteBuffer.wrap(piece.getBytes(StandardCharsets.ISO_8859_1)));
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e); // is printed
            }
        }

        @Override
        public void close() throws IOException {
            listener.close();
        }
    }

    private static HttpLoad.Request request() {
        ByteBuffer head = ByteBuffer.wrap("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        return new HttpLoad.Request(head, ByteBuffer.allocate(0));
    }

    private static long run(Answering server, int connections, int requests) throws IOException {
        InetSocketAddress address = (InetSocketAddress) server.listener().getLocalAddress();
        try (HttpLoad load = new HttpLoad(address, connections)) {
            return load.run(Collections.nCopies(requests, request()).iterator());
        }
    }

    @Test
    void responsesAreCountedWhenAllOfThemHasArrived() throws Exception {
        String[] pieces = ("HTTP/1.1 200 OK\r\nContent-Length: " + SIZE + "\r\n\r\n").split("");
        List<String> all = new ArrayList<>(Arrays.asList(pieces));
        all.addAll(List.of("x".repeat(SIZE / 2), "x".repeat(SIZE / 2)));
        try (Answering server = Answering.start(all.toArray(String[]::new))) {
            assertThat(run(server, 3, 10)).isEqualTo(10L * SIZE);
            assertThat(server.requests()).hasValue(10);
        }
    }

    @Test
    void moreConnectionsThanRequestsStayUnused() throws Exception {
        try (Answering server = Answering.start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) {
            assertThat(run(server, 4, 2)).isZero();
            assertThat(server.requests()).hasValue(2);
        }
    }

    @Test
    void whatIsNotACompleteSuccessEndsTheRun() throws Exception {
        try (Answering refusing = Answering.start("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
                Answering silent = Answering.start("");
                Answering cutting = Answering.start("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", "")) {
            assertThatThrownBy(() -> run(refusing, 1, 1))
                    .isInstanceOf(BenchmarkException.class)
                    .hasMessageContaining("404");
            for (Answering server : List.of(silent, cutting)) {
                assertThatThrownBy(() -> run(server, 1, 1))
                        .isInstanceOf(BenchmarkException.class)
                        .hasMessageContaining("closed a connection");
            }
        }
    }

    @Test
    void contentsAreNewEachTime() throws Exception {
        byte[] text = "some text of a file\n".repeat(20).getBytes(StandardCharsets.US_ASCII);
        ServedContents contents = new ServedContents(Files.write(directory.resolve("source"), text), 150);
        List<ServedContents.Content> all = new ArrayList<>(contents.next());
        all.addAll(contents.next());
        assertThat(all).hasSize(4).extracting(ServedContents.Content::digest).doesNotHaveDuplicates();
        for (int i = 0; i < all.size(); i++) {
            ServedContents.Content content = all.get(i);
            HttpLoad.Request put = content.put();
            String head = StandardCharsets.US_ASCII.decode(put.head()).toString();
            String body = head.substring(head.indexOf("\r\n\r\n") + 4) + StandardCharsets.US_ASCII.decode(put.body());
            assertThat(head).startsWith("PUT /cas/" + content.digest().sha256().hex() + " HTTP/1.1\r\n");
            assertThat(head).contains("\r\nContent-Length: 150\r\n");
            assertThat(body)
                    .hasSize(150)
                    .endsWith(new String(text, i % 2 * 150 + LINE, 150 - LINE, StandardCharsets.US_ASCII));
            assertThat(Sha256.of(ByteBuffer.wrap(body.getBytes(StandardCharsets.US_ASCII))))
                    .isEqualTo(content.digest().sha256());
        }
    }
}
