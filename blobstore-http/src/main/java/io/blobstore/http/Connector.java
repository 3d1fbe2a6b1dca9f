package io.blobstore.http;

import io.blobstore.http.TransportException.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Establishes connections: resolves the name, connects to the server or its proxy, and sets up TLS. Thread-safe. */
final class Connector {
    private final Duration connectTimeout;
    private final Duration stallTimeout;
    private final Proxies proxies;
    private final TlsEngine engine;
    private final TlsContext.Identity identity;
    private final TransportClock clock;

    private volatile @Nullable TlsContext tls;

    Connector(
            Duration connectTimeout,
            Duration stallTimeout,
            Proxies proxies,
            TlsEngine engine,
            TlsContext.Identity identity,
            TransportClock clock) {
        this.connectTimeout = connectTimeout;
        this.stallTimeout = stallTimeout;
        this.proxies = proxies;
        this.engine = engine;
        this.identity = identity;
        this.clock = clock;
    }

    /**
     * Receives each socket before the thread blocks on it, so that the call can be cancelled; throws if it already was.
     */
    interface SocketUser {
        void use(NonBlockingSocket socket) throws TransportException;
    }

    /** Connects to an endpoint, within one time limit for all steps. */
    Connection connect(Endpoint endpoint, SocketUser user) throws IOException {
        TlsContext context = endpoint.secure() ? tls() : null;
        long end = clock.nanoTime() + TimeUnit.NANOSECONDS.convert(connectTimeout);
        Optional<Proxies.Proxy> proxy = proxies.of(endpoint);
        NonBlockingSocket socket = open(endpoint, proxy, user, end);
        boolean connected = false;
        NetChannel channel = new PlainNetChannel(socket);
        try {
            if (context != null) {
                channel = secure(socket, context, endpoint, end);
            }
            // Requests without TLS are forwarded: many proxies permit tunnels to port 443 only.
            Optional<Proxies.Proxy> forwarding = context == null ? proxy : Optional.empty();
            Connection connection =
                    new Connection(endpoint, forwarding, socket, channel, stallTimeout, clock.nanoTime());
            connected = true;
            return connection;
        } finally {
            if (!connected) {
                channel.close();
            }
        }
    }

    private NonBlockingSocket open(Endpoint endpoint, Optional<Proxies.Proxy> proxy, SocketUser user, long end)
            throws IOException {
        if (proxy.isEmpty()) {
            return open(endpoint, user, end);
        }
        return endpoint.secure() ? tunnel(proxy.get(), endpoint, user, end) : open(proxy.get(), user, end);
    }

    private NetChannel secure(NonBlockingSocket socket, TlsContext context, Endpoint endpoint, long end)
            throws IOException {
        try {
            return TlsNetChannel.establish(socket, context, endpoint, end - clock.nanoTime());
        } catch (SSLException | ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            if (!(e instanceof TransportException problem)) {
                throw new TransportException(
                        Kind.CLOSED, endpoint + ": the TLS handshake was cut (" + e.getMessage() + ")", e);
            }
            throw switch (problem.kind()) {
                case CANCELLED -> problem;
                case TIMEOUT ->
                    new TransportException(
                            Kind.CONNECT, "no connection to " + endpoint + " (" + problem.getMessage() + ")", problem);
                default -> new TransportException(problem.kind(), endpoint + ": " + problem.getMessage(), problem);
            };
        }
    }

    private TlsContext tls() throws SSLException {
        TlsContext context = tls;
        if (context == null) {
            context = TlsContext.create(engine, identity); // concurrent threads may create two, of which one is kept
            tls = context;
        }
        return context;
    }

    /** Connects to the first address of a host that accepts the connection. */
    private NonBlockingSocket open(Endpoint endpoint, SocketUser user, long end) throws IOException {
        InetAddress[] addresses;
        try {
            addresses = InetAddress.getAllByName(endpoint.host());
        } catch (UnknownHostException e) {
            throw new TransportException(Kind.UNKNOWN_HOST, "the host '" + endpoint.host() + "' has no address", e);
        }
        TransportException failure = null;
        for (int i = 0; i < addresses.length; i++) {
            long share = (end - clock.nanoTime()) / (addresses.length - i);
            try {
                return open(endpoint, new InetSocketAddress(addresses[i], endpoint.port()), user, share);
            } catch (TransportException e) {
                if (e.kind() != Kind.CONNECT) {
                    throw e;
                }
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        throw failure == null ? new TransportException(Kind.UNKNOWN_HOST, "no address", null) : failure;
    }

    private NonBlockingSocket open(Endpoint endpoint, InetSocketAddress address, SocketUser user, long nanos)
            throws IOException {
        NonBlockingSocket socket = NonBlockingSocket.open(clock);
        boolean connected = false;
        try {
            user.use(socket);
            socket.connect(address, nanos);
            connected = true;
            return socket;
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            if (e instanceof TransportException problem && problem.kind() == Kind.CANCELLED) {
                throw e;
            }
            throw new TransportException(Kind.CONNECT, "no connection to " + endpoint + " (" + e.getMessage() + ")", e);
        } finally {
            if (!connected) {
                socket.close();
            }
        }
    }

    /** Connects to a proxy. */
    private NonBlockingSocket open(Proxies.Proxy proxy, SocketUser user, long end) throws IOException {
        try {
            return open(proxy.endpoint(), user, end);
        } catch (TransportException e) {
            throw e.kind() == Kind.CANCELLED
                    ? e
                    : new TransportException(Kind.PROXY, "the HTTP proxy: " + e.getMessage(), e);
        }
    }

    private NonBlockingSocket tunnel(Proxies.Proxy proxy, Endpoint endpoint, SocketUser user, long end)
            throws IOException {
        NonBlockingSocket socket = open(proxy, user, end);
        boolean open = false;
        try {
            Duration left = Duration.ofNanos(Math.max(1, end - clock.nanoTime()));
            int status = Connection.connect(socket, connectHead(proxy, endpoint), left);
            if (status / 100 != 2) {
                throw proxy.refusal(status, endpoint);
            }
            open = true;
            return socket;
        } catch (TransportException e) {
            throw e.kind() == Kind.CANCELLED || e.kind() == Kind.PROXY
                    ? e
                    : new TransportException(
                            Kind.PROXY, "the HTTP proxy " + proxy.endpoint() + " fails: " + e.getMessage(), e);
        } catch (RequestWriter.WriteFailure e) {
            throw new TransportException(
                    Kind.PROXY, "the HTTP proxy " + proxy.endpoint() + " closed the connection", e);
        } finally {
            if (!open) {
                socket.close();
            }
        }
    }

    private static byte[] connectHead(Proxies.Proxy proxy, Endpoint endpoint) {
        StringBuilder head = new StringBuilder(
                "CONNECT " + endpoint.hostAndPort() + " HTTP/1.1\r\nHost: " + endpoint.hostAndPort() + "\r\n");
        proxy.addCredentials(head);
        return head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
    }
}
