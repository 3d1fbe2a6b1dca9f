package io.blobstore.server;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** Passes connections on to a server, and counts their bytes. */
final class Relay implements Closeable {
    private final InetSocketAddress server;
    private final ServerSocket listener = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private final AtomicLong toServer = new AtomicLong();
    private final AtomicLong toClient = new AtomicLong();

    Relay(InetSocketAddress server) throws IOException {
        this.server = server;
        start(this::accept);
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + listener.getLocalPort());
    }

    /** Returns the bytes that clients have sent, and starts counting again. */
    long takeToServer() {
        return toServer.getAndSet(0);
    }

    /** Returns the bytes that the server has sent, and starts counting again. */
    long takeToClient() {
        return toClient.getAndSet(0);
    }

    private void start(Runnable work) {
        Thread thread = new Thread(work, "relay");
        threads.add(thread);
        thread.start();
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listener.accept();
                sockets.add(client);
                Socket behind = new Socket(server.getAddress(), server.getPort());
                sockets.add(behind);
                start(() -> copy(client, behind, toServer));
                start(() -> copy(behind, client, toClient));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private static void copy(Socket from, Socket to, AtomicLong count) {
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] bytes = new byte[64 << 10];
            for (int n = in.read(bytes); n >= 0; n = in.read(bytes)) {
                count.addAndGet(n);
                out.write(bytes, 0, n);
            }
        } catch (IOException e) {
            // one of them is closed, and so is the other
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
        for (Thread thread : threads) {
            try {
                thread.join(ServerFixture.PATIENCE.toMillis());
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }
}
