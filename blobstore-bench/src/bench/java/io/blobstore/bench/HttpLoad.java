package io.blobstore.bench;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * Sends requests to an HTTP server over connections that stay open, and discards what it answers. One thread and one
 * buffer serve all connections, so that the client takes little of the processors that it shares with the server. Not
 * thread-safe.
 */
final class HttpLoad implements Closeable {
    private static final long TIMEOUT_MILLIS = 60_000;
    private static final int FIRST_READ = 32 << 10;
    private static final int READ = 1 << 20;

    private final Selector selector;
    private final List<Connection> connections = new ArrayList<>();
    private final ByteBuffer discarded = ByteBuffer.allocateDirect(READ);
    private int running;

    /**
     * Connects to a server.
     *
     * @param connections the number of connections
     */
    HttpLoad(InetSocketAddress server, int connections) throws IOException {
        selector = Selector.open();
        for (int i = 0; i < connections; i++) {
            SocketChannel channel = SocketChannel.open(server);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            this.connections.add(new Connection(channel, channel.register(selector, SelectionKey.OP_READ)));
        }
    }

    /**
     * A request.
     *
     * @param head the head, and perhaps the beginning of the body; not changed
     * @param body the rest of the body; not changed
     */
    record Request(ByteBuffer head, ByteBuffer body) {}

    /**
     * Sends requests, each as soon as a connection has received all of its previous response.
     *
     * @return the bytes of the bodies that were received
     * @throws BenchmarkException if a response is not a success, or does not arrive
     */
    long run(Iterator<Request> requests) throws IOException {
        running = 0;
        long received = connections.stream().mapToLong(each -> each.received).sum();
        for (Connection connection : connections) {
            if (requests.hasNext()) {
                connection.start(requests.next());
                running++;
            }
        }
        while (running > 0) {
            if (selector.select(TIMEOUT_MILLIS) == 0) {
                throw new BenchmarkException("the server has not answered for " + TIMEOUT_MILLIS / 1000 + " s");
            }
            for (SelectionKey key : selector.selectedKeys()) {
                if (key.attachment() instanceof Connection connection && connection.proceed()) {
                    if (requests.hasNext()) {
                        connection.start(requests.next());
                    } else {
                        running--;
                    }
                }
            }
            selector.selectedKeys().clear();
        }
        return connections.stream().mapToLong(each -> each.received).sum() - received;
    }

    @Override
    public void close() throws IOException {
        for (Connection connection : connections) {
            connection.channel.close();
        }
        selector.close();
    }

    /** A connection, and the request that is under way on it. */
    private final class Connection {
        private final SocketChannel channel;
        private final SelectionKey key;
        /** The head of a response and what came with it; ready to be written. */
        private final ByteBuffer first = ByteBuffer.allocateDirect(FIRST_READ);

        private ByteBuffer[] unsent = {};
        private boolean active;
        /** The bytes of the body that have not arrived; negative before the head has. */
        private long missing;

        private long received;

        Connection(SocketChannel channel, SelectionKey key) {
            this.channel = channel;
            this.key = key;
            key.attach(this);
        }

        void start(Request request) throws IOException {
            unsent =
                    new ByteBuffer[] {request.head().duplicate(), request.body().duplicate()};
            active = true;
            missing = -1;
            first.clear();
            send();
        }

        private void send() throws IOException {
            channel.write(unsent);
            int wanted = unsent[1].hasRemaining() || unsent[0].hasRemaining()
                    ? SelectionKey.OP_READ | SelectionKey.OP_WRITE
                    : SelectionKey.OP_READ;
            if (key.interestOps() != wanted) {
                key.interestOps(wanted);
            }
        }

        /** Sends and receives what is possible; returns whether this completed the response. */
        boolean proceed() throws IOException {
            if (!active) {
                throw new BenchmarkException("the server sent something, or closed a connection, without a request");
            }
            if (key.isWritable()) {
                send();
            }
            if (key.isReadable()) {
                if (missing < 0) {
                    receiveHead();
                } else {
                    missing -= receive(discarded.clear().limit((int) Math.min(READ, missing)));
                }
            }
            active = missing != 0;
            return !active;
        }

        private int receive(ByteBuffer target) throws IOException {
            int count = channel.read(target);
            if (count < 0) {
                throw new BenchmarkException("the server closed a connection instead of answering");
            }
            return count;
        }

        private void receiveHead() throws IOException {
            receive(first);
            int length = HttpInput.headLength(first.duplicate().flip());
            if (length < 0) {
                if (!first.hasRemaining()) {
                    throw new BenchmarkException("the headers are longer than " + FIRST_READ + " bytes");
                }
                return;
            }
            byte[] text = new byte[length];
            first.get(0, text);
            HttpHead head = HttpHead.parse(new String(text, StandardCharsets.ISO_8859_1));
            if (!head.words().get(1).startsWith("2")) {
                throw new BenchmarkException("the server answered " + head.words());
            }
            received += head.contentLength();
            missing = head.contentLength() - (first.position() - length);
        }
    }
}
