package io.blobstore.http;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/** A port on loopback that does not respond to attempts to connect, as its backlog is full and nothing accepts. */
final class BlackHole implements Closeable {
    private final ServerSocket listener;
    private final List<SocketChannel> waiting = new ArrayList<>();

    private BlackHole(ServerSocket listener) {
        this.listener = listener;
    }

    static BlackHole open() throws IOException {
        BlackHole hole = new BlackHole(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
        try {
            hole.fill();
        } catch (Throwable e) {
            hole.close();
            throw e;
        }
        return hole;
    }

    private void fill() throws IOException {
        for (int i = 0; i < 16; i++) {
            SocketChannel channel = SocketChannel.open();
            waiting.add(channel);
            channel.configureBlocking(false);
            if (channel.connect(new InetSocketAddress(listener.getInetAddress(), listener.getLocalPort()))) {
                continue;
            }
            try (Selector selector = Selector.open()) {
                channel.register(selector, SelectionKey.OP_CONNECT);
                if (selector.select(200) == 0) {
                    return;
                }
                channel.finishConnect();
            }
        }
        assumeTrue(false, "this system accepts any number of connections on behalf of a program");
    }

    Endpoint endpoint(boolean secure) {
        return new Endpoint(secure, "127.0.0.1", listener.getLocalPort());
    }

    @Override
    public void close() throws IOException {
        for (SocketChannel channel : waiting) {
            channel.close();
        }
        listener.close();
    }
}
