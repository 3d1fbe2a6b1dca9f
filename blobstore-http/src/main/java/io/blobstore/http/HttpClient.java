package io.blobstore.http;

import java.io.Closeable;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.KeyManager;
import javax.net.ssl.TrustManager;

/**
 * Sends requests over pooled connections. Blocking, without a thread of its own. Thread-safe.
 *
 * <p>It repeats a request in one case only: if an idle connection turns out to be closed before a byte was sent.
 */
public final class HttpClient implements Closeable {
    /** The maximum size of a successful response's body that is kept; a larger one is an error. */
    public static final int MAX_KEPT_BODY = 16 << 20;

    /** Three descriptors each fit a limit of 1024. */
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

    /** Returns a builder with everything at its default. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a call that is not executed yet. */
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

    /** Builds a client. Not thread-safe. */
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
         * Sets the maximum number of connections to one endpoint, including idle ones and those being established;
         * default 256. While as many calls are under way, others wait in order of arrival. The wait is part of no time
         * limit and has none of its own, as the calls before make progress, or fail by their own.
         *
         * <p>A call that is executed inside of another, by its source or handler, needs a second connection: with a
         * limit of 1 both wait for ever.
         */
        public Builder maxConnections(int connections) {
            if (connections < 1) {
                throw new IllegalArgumentException("maxConnections is 1 or more; got " + connections
                        + "; leave it out to have " + DEFAULT_MAX_CONNECTIONS);
            }
            maxConnections = connections;
            return this;
        }

        /** Sets the time limit for establishing a connection, proxy and TLS included; default 10 s. */
        public Builder connectTimeout(Duration timeout) {
            connectTimeout = requirePositive(timeout);
            return this;
        }

        /** Sets how long a connection may go without progress, in either direction; default 30 s. */
        public Builder stallTimeout(Duration timeout) {
            stallTimeout = requirePositive(timeout);
            return this;
        }

        /** Sets how long an idle connection is kept; default 60 s. */
        public Builder maxIdle(Duration time) {
            maxIdle = requirePositive(time);
            return this;
        }

        /** Sets how long a connection is used at all, so that changes of addresses are followed; default 10 min. */
        public Builder maxAge(Duration time) {
            maxAge = requirePositive(time);
            return this;
        }

        /** Sets the TLS implementation; default {@link TlsEngine#AUTOMATIC}. */
        public Builder engine(TlsEngine engine) {
            this.engine = engine;
            return this;
        }

        /** Sets which certificates are trusted; default: JSSE's trust managers, by its system properties. */
        public Builder trustManagers(TrustManager... managers) {
            trust = Optional.of(managers.clone());
            return this;
        }

        /** Sets the client's own certificates; default: JSSE's, by its system properties. */
        public Builder keyManagers(KeyManager... managers) {
            keys = Optional.of(managers.clone());
            return this;
        }

        /** Sets the clock for time limits and the age of connections. */
        Builder clock(TransportClock clock) {
            this.clock = clock;
            return this;
        }

        /** Builds the client, which the caller has to close. */
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
