package io.blobstore.http;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * An HTTP/1.1 server on loopback that responds to each request by a script: correctly, wrongly, in pieces, or not at
 * all. {@link ScriptedService} is a script for servers with state. Each connection has a thread. A connection serves
 * its next request if the script has read the request's body and has not ended the connection.
 *
 * <p>Thread-safe. {@link #close()} fails the test if a script failed, or if the client violated HTTP/1.1.
 */
public final class ScriptedServer implements Closeable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    /**
     * Responds to one request. An IOException ends the connection and does not fail the test: clients disconnect, and
     * scripts disconnect them.
     */
    @FunctionalInterface
    public interface Script {
        /** Runs in the thread of the connection. */
        void run(ScriptedExchange exchange) throws IOException, InterruptedException;

        /** Returns a script that reads the request's body and sends a valid response. */
        static Script responding(int status, String body, String... fields) {
            return exchange -> {
                exchange.discardBody();
                exchange.respond(status, body, fields);
            };
        }

        /** Returns a script that reads the request's body and writes characters unchanged. */
        static Script writing(String raw) {
            return exchange -> {
                exchange.discardBody();
                exchange.write(raw);
            };
        }
    }

    /** Serves a whole connection, in place of TLS and HTTP. When it returns, the connection is closed. */
    @FunctionalInterface
    public interface ConnectionScript {
        /** Runs in the thread of the connection. */
        void run(Socket socket) throws IOException, InterruptedException;
    }

    private final Optional<SSLContext> tls;
    private final boolean clientCertificates;
    private final boolean chunked;
    private final Script fallback;
    private final ServerSocket listener;
    private final Thread accepting;
    private final CountDownLatch closing = new CountDownLatch(1);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // Guarded by lock:
    private final Queue<Script> scripts = new ArrayDeque<>();
    private final Queue<ConnectionScript> connectionScripts = new ArrayDeque<>();
    private final List<ScriptedExchange> requests = new ArrayList<>();
    private final List<Socket> open = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();
    private int accepted;

    private ScriptedServer(
            InetAddress address, Optional<SSLContext> tls, boolean clientCertificates, boolean chunked, Script fallback)
            throws IOException {
        this.tls = tls;
        this.clientCertificates = clientCertificates;
        this.chunked = chunked;
        this.fallback = fallback;
        this.listener = new ServerSocket(0, 0, address);
        this.accepting = new Thread(this::accept, "scripted-server");
        accepting.start();
    }

    /**
     * Starts a server without TLS.
     *
     * @param fallback for the requests without a script of their own
     */
    public static ScriptedServer plain(Script fallback) throws IOException {
        return new ScriptedServer(LOOPBACK, Optional.empty(), false, false, fallback);
    }

    /** Starts a server without TLS on another address. */
    static ScriptedServer plain(InetAddress address, Script fallback) throws IOException {
        return new ScriptedServer(address, Optional.empty(), false, false, fallback);
    }

    /** Starts a server with TLS. */
    public static ScriptedServer secure(SSLContext context, Script fallback) throws IOException {
        return new ScriptedServer(LOOPBACK, Optional.of(context), false, false, fallback);
    }

    /** Starts a server with TLS that requires client certificates. */
    public static ScriptedServer mutual(SSLContext context, Script fallback) throws IOException {
        return new ScriptedServer(LOOPBACK, Optional.of(context), true, false, fallback);
    }

    /** Starts a server for clients other than this library's too: it accepts chunked request bodies. */
    public static ScriptedServer forAnyClient(Optional<SSLContext> tls, Script fallback) throws IOException {
        return new ScriptedServer(LOOPBACK, tls, false, true, fallback);
    }

    /** Returns the endpoint, by IP address. */
    public Endpoint endpoint() {
        return new Endpoint(tls.isPresent(), listener.getInetAddress().getHostAddress(), listener.getLocalPort());
    }

    /** Adds scripts for the next requests on any connection, one each. */
    public ScriptedServer then(Script... next) {
        return locked(() -> {
            scripts.addAll(List.of(next));
            return this;
        });
    }

    /** Adds scripts for the next connections, one each. */
    public ScriptedServer thenConnection(ConnectionScript... next) {
        return locked(() -> {
            connectionScripts.addAll(List.of(next));
            return this;
        });
    }

    /** Returns the requests whose headers were received so far. */
    public List<ScriptedExchange> requests() {
        return locked(() -> List.copyOf(requests));
    }

    /** Removes the requests so far from {@link #requests()}. */
    public void forgetRequests() {
        locked(() -> {
            requests.clear();
            return null;
        });
    }

    /** Returns the number of connections accepted so far. */
    public int accepted() {
        return locked(() -> accepted);
    }

    /** Returns the number of connections that are open, as far as the server has noticed. */
    public int open() {
        return locked(open::size);
    }

    /** Blocks until the given number of connections are open. */
    public void awaitOpen(int connections) throws InterruptedException {
        await(() -> open.size() == connections, () -> "open connections: " + open.size() + ", not " + connections);
    }

    /** Blocks until the given number of requests were received, and returns the last of them. */
    public ScriptedExchange awaitRequest(int count) throws InterruptedException {
        await(() -> requests.size() >= count, () -> "requests received: " + requests.size() + ", not " + count);
        return locked(() -> requests.get(count - 1));
    }

    /**
     * Closes all connections and waits for their threads.
     *
     * @throws AssertionError if a script failed, or the client violated HTTP/1.1
     */
    @Override
    public void close() throws IOException {
        closing.countDown();
        listener.close();
        for (Socket socket : locked(() -> List.copyOf(open))) {
            socket.close();
        }
        join(accepting);
        for (Thread thread : locked(() -> List.copyOf(threads))) {
            thread.interrupt(); // scripts may wait for something that the test has not done
            join(thread);
        }
        List<Throwable> all = locked(() -> List.copyOf(failures));
        if (!all.isEmpty()) {
            AssertionError failed = new AssertionError("scripted server: " + all.get(0));
            all.forEach(failed::addSuppressed);
            throw failed;
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join(PATIENCE.toMillis());
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted while the scripted server was closed", e);
        }
        if (thread.isAlive()) {
            AssertionError hangs = new AssertionError("thread '" + thread.getName() + "' hangs");
            hangs.setStackTrace(thread.getStackTrace());
            throw hangs;
        }
    }

    // ---- its threads

    private void accept() {
        try {
            while (true) {
                Socket socket = listener.accept();
                socket.setTcpNoDelay(true); // bytes written before a reset are sent
                int number = locked(() -> {
                    open.add(socket);
                    changed.signalAll();
                    return accepted++;
                });
                Thread thread = new Thread(() -> serve(number, socket), "scripted-server-" + number);
                thread.start();
                locked(() -> {
                    threads.removeIf(ended -> !ended.isAlive());
                    return threads.add(thread);
                });
                if (closing.getCount() == 0) {
                    socket.close();
                }
            }
        } catch (IOException closed) {
            // the server is closed
        }
    }

    private void serve(int number, Socket raw) {
        try (raw) {
            Optional<ConnectionScript> script = locked(() -> Optional.ofNullable(connectionScripts.poll()));
            if (script.isPresent()) {
                script.get().run(raw);
            } else {
                serve(number, raw, tls.isPresent() ? handshake(raw, tls.get()) : raw);
            }
        } catch (IOException | InterruptedException e) {
            // the client or the script has disconnected, or the server is closed
        } catch (Throwable e) {
            locked(() -> failures.add(e));
        } finally {
            locked(() -> {
                open.remove(raw);
                changed.signalAll();
                return null;
            });
        }
    }

    private Socket handshake(Socket raw, SSLContext context) throws IOException {
        // Layered on a plain socket, so that a script can end the connection without ending TLS.
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(raw, null, raw.getPort(), true);
        socket.setUseClientMode(false);
        socket.setNeedClientAuth(clientCertificates);
        socket.startHandshake();
        return socket;
    }

    private void serve(int number, Socket raw, Socket socket) throws IOException, InterruptedException {
        ScriptedExchange.Streams streams = new ScriptedExchange.Streams(
                raw,
                socket,
                new BufferedInputStream(socket.getInputStream(), 64 << 10),
                socket.getOutputStream(),
                closing,
                chunked);
        while (true) {
            Optional<ScriptedExchange> exchange = ScriptedExchange.read(number, streams);
            if (exchange.isEmpty()) {
                break;
            }
            Script script = locked(() -> {
                requests.add(exchange.get());
                changed.signalAll();
                return scripts.isEmpty() ? fallback : scripts.remove();
            });
            try {
                script.run(exchange.get());
            } finally {
                exchange.get().release();
            }
            if (!exchange.get().isReusable()) {
                break;
            }
        }
        if (!raw.isClosed() && !raw.isOutputShutdown()) {
            socket.shutdownOutput();
        }
    }

    // ---- its state

    private interface Body<T> {
        T run();
    }

    private <T> T locked(Body<T> body) {
        lock.lock();
        try {
            return body.run();
        } finally {
            lock.unlock();
        }
    }

    private void await(BooleanSupplier condition, Body<String> otherwise) throws InterruptedException {
        long nanos = TimeUnit.NANOSECONDS.convert(PATIENCE);
        lock.lock();
        try {
            while (!condition.getAsBoolean()) {
                if (nanos <= 0) {
                    throw new AssertionError(otherwise.run());
                }
                nanos = changed.awaitNanos(nanos);
            }
        } finally {
            lock.unlock();
        }
    }
}
