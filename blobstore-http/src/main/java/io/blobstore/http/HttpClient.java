package io.blobstore.http;

import java.io.Closeable;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.TrustManager;

/**
 * Sends requests over pooled connections. Blocking, without a thread of its own. Thread-safe.
 *
 * <p>A request is repeated in one case only: if an idle connection turns out to be closed before a byte was sent.
 */
public final class HttpClient implements Closeable {
    /**
     * The maximum size of a successful response's body that is kept; a larger one is an error. A page of a listing has
     * up to 1000 keys of 1024 bytes, each of which takes up to 6 bytes as JSON escapes it, and some fields.
     */
    public static final int MAX_KEPT_BODY = 8 << 20;

    /** The maximum size of a body with the metadata of one object, or with the result of one request. */
    public static final int MAX_SMALL_BODY = 256 << 10;

    /** The maximum of every time limit. */
    public static final Duration MAX_TIME_LIMIT = Duration.ofHours(24);

    /** At three descriptors each, the connections fit a limit of 1024 open files. */
    private static final int DEFAULT_MAX_CONNECTIONS = 256;

    private final ConnectionPool pool;
    private final Connector connector;
    private final Duration answerTimeout;
    private final Optional<ExchangeListener> listener;
    private final Optional<AddedHeaders> addedHeaders;
    private final Set<HttpExchange> running = ConcurrentHashMap.newKeySet();
    private volatile boolean closing;
    private volatile boolean closed;

    private HttpClient(Builder builder) {
        pool = new ConnectionPool(builder.maxConnections, builder.maxIdle, builder.maxAge, builder.clock);
        answerTimeout = builder.answerTimeout;
        listener = builder.listener;
        addedHeaders = builder.addedHeaders;
        connector = new Connector(
                builder.connectTimeout,
                builder.stallTimeout,
                new Proxies(System.getenv()),
                builder.engine,
                new TlsContext.Identity(builder.trust, builder.keys),
                builder.clock);
    }

    /** Returns a builder with default settings. */
    public static Builder builder() {
        return new Builder();
    }

    /** Creates a call, which is not executed yet. */
    public HttpCall newCall(HttpRequest request) {
        return new HttpExchange(this, request);
    }

    /**
     * Cancels the calls under way whose answers are slow, and refuses further ones: so that a store can wait for the
     * end of all others before it is closed.
     */
    public void cancelSlowCalls() {
        closing = true;
        running.stream().filter(HttpExchange::isSlow).forEach(HttpExchange::cancel);
    }

    /** Cancels the calls under way and closes all connections. Does not wait for the calls. Idempotent. */
    @Override
    public void close() {
        closed = true;
        running.forEach(HttpExchange::cancel);
        pool.close();
    }

    void register(HttpExchange call) {
        running.add(call);
        if (closed || (closing && call.isSlow())) { // after adding: close() either sees the call, or is seen here
            running.remove(call);
            throw new IllegalStateException("the client is closed");
        }
    }

    void unregister(HttpExchange call) {
        running.remove(call);
    }

    Duration answerTimeout() {
        return answerTimeout;
    }

    Optional<ExchangeListener> listener() {
        return listener;
    }

    /** Returns the fields that the application adds to a request. */
    HttpHeaders addedHeaders(HttpRequest request) {
        return addedHeaders.isPresent() ? addedHeaders.get().to(request) : HttpHeaders.EMPTY;
    }

    /**
     * Returns a task that sends its requests with the header fields that the application adds on the current thread,
     * for a task that another thread runs.
     */
    public <T> Callable<T> carryingAddedHeaders(Callable<T> task) {
        return addedHeaders.isPresent() ? addedHeaders.get().carriedBy(task) : task;
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
        private Duration answerTimeout = Duration.ofMinutes(10);
        private Duration maxIdle = Duration.ofSeconds(60);
        private Duration maxAge = Duration.ofMinutes(10);
        private TlsEngine engine = TlsEngine.AUTOMATIC;
        private Optional<TrustManager[]> trust = Optional.empty();
        private Optional<KeyManager[]> keys = Optional.empty();
        private TransportClock clock = TransportClock.SYSTEM;
        private Optional<ExchangeListener> listener = Optional.empty();
        private Optional<AddedHeaders> addedHeaders = Optional.empty();

        private Builder() {}

        /**
         * Sets the maximum number of connections to one endpoint, including idle ones and those being established;
         * default 256. While as many calls are running, further ones wait in order of arrival. No time limit includes
         * or bounds that wait, as the running calls make progress, or fail by their own limits.
         *
         * <p>A call that is executed within another one, by its source or handler, needs a second connection: with a
         * limit of 1 both wait forever.
         */
        public Builder maxConnections(int connections) {
            if (connections < 1) {
                throw new IllegalArgumentException("maxConnections must be 1 or more; got " + connections
                        + "; omit it for the default of " + DEFAULT_MAX_CONNECTIONS);
            }
            maxConnections = connections;
            return this;
        }

        /** Sets the time limit for establishing a connection, including proxy and TLS; default 10 s. */
        public Builder connectTimeout(Duration timeout) {
            connectTimeout = requirePositive(timeout);
            return this;
        }

        /** Sets how long a connection may make no progress, in either direction; default 30 s. */
        public Builder stallTimeout(Duration timeout) {
            stallTimeout = requirePositive(timeout);
            return this;
        }

        /**
         * Sets how long a server may be silent before and during a {@linkplain HttpRequest#slowAnswer slow answer};
         * default 10 min. Interim responses and single bytes, such as the white space that S3 sends while it works, end
         * the silence. The whole answer may take {@value ResponseReader#SLOW_BODY_FACTOR} times as long.
         */
        public Builder answerTimeout(Duration timeout) {
            answerTimeout = requirePositive(timeout);
            return this;
        }

        /** Sets how long an idle connection is kept; default 60 s. */
        Builder maxIdle(Duration time) {
            maxIdle = requirePositive(time);
            return this;
        }

        /**
         * Sets the age at which a connection is closed even if it is used, so that changes of DNS are followed; default
         * 10 min.
         */
        Builder maxAge(Duration time) {
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

        /** Sets what receives a summary of each exchange; default: nothing. */
        public Builder listener(ExchangeListener listener) {
            this.listener = Optional.of(listener);
            return this;
        }

        /**
         * Sets header fields that are added to each request; default: none. The supplier is called by the thread that
         * sends the request. Fields that the store sets, that could change what the request means, or that are
         * malformed, are left out, and so are all if the supplier throws; the first such problem is logged.
         */
        public Builder addedHeaders(Supplier<Map<String, String>> headers) {
            addedHeaders = Optional.of(new AddedHeaders(headers));
            return this;
        }

        /** Sets the clock for time limits and the age of connections; default: the JVM's. */
        Builder clock(TransportClock clock) {
            this.clock = clock;
            return this;
        }

        /** Builds the client, which the caller has to close. */
        public HttpClient build() {
            return new HttpClient(this);
        }

        private static Duration requirePositive(Duration time) {
            if (time.isZero() || time.isNegative() || time.compareTo(MAX_TIME_LIMIT) > 0) {
                throw new IllegalArgumentException("a time limit must be positive, and at most 24 h; got " + time);
            }
            return time;
        }
    }
}
