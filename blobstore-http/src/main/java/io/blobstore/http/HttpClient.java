package io.blobstore.http;

import java.io.Closeable;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.KeyManager;
import javax.net.ssl.TrustManager;

/**
 * Sends requests over connections that it keeps. Blocking, without a thread of its own. Thread-safe.
 *
 * <p>A request is repeated here in one case only: on a kept connection that turned out to be closed before a byte was
 * sent.
 */
public final class HttpClient implements Closeable {
    /** The most bytes kept of a successful response's body; more is an error. */
    public static final int MAX_KEPT_BODY = 16 << 20;

    /** Few enough for a limit of 1024 descriptors at three each. */
    private static final int DEFAULT_MAX_CONNECTIONS = 256;

    private final ConnectionPool pool;
    private final Connector connector;
    private final Set<HttpExchange> running = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    private HttpClient(Builder builder) {
        pool = new ConnectionPool(builder.maxConnections, builder.maxIdle, builder.maxAge, builder.clock);
        connector = new Connector(
                builder.connectTimeout,
                builder.stallTimeout,
                new Proxies(System.getenv()),
                builder.engine,
                new TlsContext.Identity(builder.trust, builder.keys),
                builder.clock);
    }

    /** A builder with everything at its default. */
    public static Builder builder() {
        return new Builder();
    }

    /** A call that is yet to be executed. */
    public HttpCall newCall(HttpRequest request) {
        return new HttpExchange(this, request);
    }

    /** Cancels the calls under way and closes all connections. Does not wait for the calls. Idempotent. */
    @Override
    public void close() {
        closed = true;
        running.forEach(HttpExchange::cancel);
        pool.close();
    }

    void enter(HttpExchange call) {
        running.add(call);
        if (closed) { // after adding: close() either sees the call, or is seen here
            running.remove(call);
            throw new IllegalStateException("the client is closed");
        }
    }

    void leave(HttpExchange call) {
        running.remove(call);
    }

    ConnectionPool pool() {
        return pool;
    }

    Connector connector() {
        return connector;
    }

    /** Builds a transport. Not thread-safe. */
    public static final class Builder {
        private int maxConnections = DEFAULT_MAX_CONNECTIONS;
        private Duration connectTimeout = Duration.ofSeconds(10);
        private Duration stallTimeout = Duration.ofSeconds(30);
        private Duration maxIdle = Duration.ofSeconds(60);
        private Duration maxAge = Duration.ofMinutes(10);
        private TlsEngine engine = TlsEngine.AUTOMATIC;
        private Optional<TrustManager[]> trust = Optional.empty();
        private Optional<KeyManager[]> keys = Optional.empty();
        private TransportClock clock = TransportClock.SYSTEM;

        private Builder() {}

        /**
         * Sets how many connections to one endpoint there may be, idle ones and those being made among them; default
         * 256. While so many calls are under way, others wait: first come, first served. The wait is no part of any
         * time limit and has none of its own, as those before make progress, or fail by one.
         *
         * <p>A call that is made inside of another, by its source or sink, needs a second connection: with a bound of 1
         * both wait for ever.
         */
        public Builder maxConnections(int connections) {
            if (connections < 1) {
                throw new IllegalArgumentException("maxConnections is 1 or more; got " + connections
                        + "; leave it out to have " + DEFAULT_MAX_CONNECTIONS);
            }
            maxConnections = connections;
            return this;
        }

        /** Sets how long a connection, proxy and TLS included, may take to be made; default 10 s. */
        public Builder connectTimeout(Duration timeout) {
            connectTimeout = requirePositive(timeout);
            return this;
        }

        /** Sets how long a connection may go without progress, in either direction; default 30 s. */
        public Builder stallTimeout(Duration timeout) {
            stallTimeout = requirePositive(timeout);
            return this;
        }

        /** Sets how long a connection is kept that nobody uses; default 60 s. */
        public Builder maxIdle(Duration time) {
            maxIdle = requirePositive(time);
            return this;
        }

        /** Sets how long a connection is used at all, so that a change of addresses is followed; default 10 min. */
        public Builder maxAge(Duration time) {
            maxAge = requirePositive(time);
            return this;
        }

        /** Sets who encrypts; default {@link TlsEngine#AUTOMATIC}. */
        public Builder engine(TlsEngine engine) {
            this.engine = engine;
            return this;
        }

        /** Sets who decides which certificates are trusted; default: JSSE's, by its system properties. */
        public Builder trustManagers(TrustManager... managers) {
            trust = Optional.of(managers.clone());
            return this;
        }

        /** Sets the client's own certificates; default: JSSE's, by its system properties. */
        public Builder keyManagers(KeyManager... managers) {
            keys = Optional.of(managers.clone());
            return this;
        }

        /** Sets what time limits and the age of connections are measured by. */
        Builder clock(TransportClock clock) {
            this.clock = clock;
            return this;
        }

        /** Builds the transport, to be closed by the caller. */
        public HttpClient build() {
            return new HttpClient(this);
        }

        private static Duration requirePositive(Duration time) {
            if (time.isZero() || time.isNegative()) {
                throw new IllegalArgumentException("a time limit must be positive; got " + time);
            }
            return time;
        }
    }
}
