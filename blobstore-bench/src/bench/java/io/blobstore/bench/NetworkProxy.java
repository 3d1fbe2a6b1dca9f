package io.blobstore.bench;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A proxy on the loopback interface that simulates the network to a server of any protocol: bytes arrive after half of
 * the latency in each direction, and those of the server within the bandwidth of each connection. Thread-safe.
 */
final class NetworkProxy implements Closeable {
    private static final int PIECE = 16 << 10;

    /** The pieces on their way in one direction of a connection. Their sum is above bandwidth times latency. */
    private static final int MAX_PIECES = 256;

    private final ServerSocket listener;
    private final InetSocketAddress server;
    private final Conditions conditions;

    /** Bytes that arrive at a time; none at the end. */
    private record Piece(long arrival, byte[] bytes) {}

    private NetworkProxy(InetSocketAddress server, Conditions conditions) throws IOException {
        this.server = server;
        this.conditions = conditions;
        this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }

    /** Starts a proxy on a free port. */
    static NetworkProxy start(InetSocketAddress server, Conditions conditions) throws IOException {
        NetworkProxy proxy = new NetworkProxy(server, conditions);
        daemon(proxy::accept);
        return proxy;
    }

    int port() {
        return listener.getLocalPort();
    }

    private static void daemon(Runnable task) {
        Thread thread = new Thread(task, "proxy");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listener.accept();
                Socket upstream = new Socket(server.getAddress(), server.getPort());
                client.setTcpNoDelay(true);
                upstream.setTcpNoDelay(true);
                forward(client, upstream, Long.MAX_VALUE);
                forward(upstream, client, conditions.bytesPerSecond());
            }
        } catch (IOException e) {
            // the proxy is closed
        }
    }

    private void forward(Socket from, Socket to, long bytesPerSecond) {
        BlockingQueue<Piece> onTheirWay = new LinkedBlockingQueue<>(MAX_PIECES);
        daemon(() -> receive(from, onTheirWay));
        daemon(() -> send(onTheirWay, from, to, bytesPerSecond));
    }

    private void receive(Socket from, BlockingQueue<Piece> pieces) {
        long latency = TimeUnit.MILLISECONDS.toNanos(conditions.latencyMillis()) / 2;
        byte[] buffer = new byte[PIECE];
        try {
            int count = 0;
            while (count >= 0) {
                try {
                    InputStream input = from.getInputStream();
                    count = input.read(buffer);
                } catch (IOException e) {
                    count = -1; // the connection was closed
                }
                byte[] bytes = new byte[Math.max(0, count)];
                System.arraycopy(buffer, 0, bytes, 0, bytes.length);
                pieces.put(new Piece(System.nanoTime() + latency, bytes));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void send(BlockingQueue<Piece> pieces, Socket from, Socket to, long bytesPerSecond) {
        long free = System.nanoTime();
        try (from;
                to) {
            OutputStream output = to.getOutputStream();
            for (Piece piece = pieces.take(); piece.bytes().length > 0; piece = pieces.take()) {
                free = Math.max(free, piece.arrival());
                waitUntil(free);
                free += (long) (piece.bytes().length * 1e9 / bytesPerSecond);
                output.write(piece.bytes());
            }
        } catch (IOException e) {
            // the connection was closed
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void waitUntil(long nanoTime) {
        for (long left = nanoTime - System.nanoTime(); left > 0; left = nanoTime - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
