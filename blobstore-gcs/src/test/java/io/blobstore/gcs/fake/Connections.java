package io.blobstore.gcs.fake;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * The connections of a fake, each with a thread, which ends when the client closes its end: so what checks for threads
 * that are left waits for the fake's sockets, too. Thread-safe.
 */
final class Connections {
    private static final long PATIENCE_MILLIS = 20_000;
    private static final int BUFFER = 64 << 10;

    /** Answers the requests of a connection, one by one. */
    interface Handler {
        /** Whether another request may follow. */
        boolean exchange(Wire wire) throws IOException;
    }

    private final Optional<SSLContext> tls;
    private final Handler handler;
    private final ServerSocket listener;
    private final Thread accepting;
    // Guarded by this:
    private final List<Socket> open = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();
    private boolean closed;

    Connections(Optional<SSLContext> tls, Handler handler) throws IOException {
        this.tls = tls;
        this.handler = handler;
        listener = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
        accepting = new Thread(this::accept, "fake-gcs");
    }

    void start() {
        accepting.start();
    }

    URI endpoint() {
        return URI.create((tls.isPresent() ? "https://" : "http://")
                + listener.getInetAddress().getHostAddress() + ":" + listener.getLocalPort());
    }

    private void accept() {
        try {
            for (int number = 0; ; number++) {
                Socket socket = listener.accept();
                socket.setTcpNoDelay(true);
                begin(socket, new Thread(() -> serve(socket), "fake-gcs-" + number));
            }
        } catch (IOException e) {
            // the usual end
        }
    }

    private synchronized void begin(Socket socket, Thread thread) throws IOException {
        if (closed) {
            socket.close();
            return;
        }
        open.add(socket);
        threads.removeIf(ended -> !ended.isAlive());
        threads.add(thread);
        thread.start();
    }

    private void serve(Socket raw) {
        try (raw;
                Socket socket = tls.isPresent() ? handshake(raw, tls.get()) : raw) {
            Wire wire = new Wire(
                    new BufferedInputStream(socket.getInputStream(), BUFFER),
                    new BufferedOutputStream(socket.getOutputStream(), BUFFER));
            while (handler.exchange(wire)) {
                // until the client is content
            }
        } catch (IOException e) {
            // the client is gone, or the fake is closed
        } catch (RuntimeException | Error e) {
            synchronized (this) {
                failures.add(e);
            }
        } finally {
            synchronized (this) {
                open.remove(raw);
            }
        }
    }

    private static Socket handshake(Socket raw, SSLContext context) throws IOException {
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(raw, null, raw.getPort(), true);
        socket.setUseClientMode(false);
        socket.startHandshake();
        return socket;
    }

    /** Closes all, waits for the threads, and throws what they failed with. */
    void close() {
        List<Thread> waitedFor = new ArrayList<>();
        try {
            listener.close();
            synchronized (this) {
                closed = true;
                for (Socket socket : open) {
                    socket.close();
                }
                waitedFor.addAll(threads);
            }
            waitedFor.add(accepting);
            for (Thread thread : waitedFor) {
                thread.join(PATIENCE_MILLIS);
                if (thread.isAlive()) {
                    throw new AssertionError("thread '" + thread.getName() + "' hangs");
                }
            }
        } catch (IOException | InterruptedException e) {
            throw new AssertionError("the fake could not be closed", e);
        }
        synchronized (this) {
            if (!failures.isEmpty()) {
                AssertionError failed = new AssertionError("the fake failed: " + failures.get(0));
                failures.forEach(failed::addSuppressed);
                throw failed;
            }
        }
    }
}
