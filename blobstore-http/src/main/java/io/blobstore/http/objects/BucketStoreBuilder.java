package io.blobstore.http.objects;

import io.blobstore.BlobKey;
import io.blobstore.StoreObserver;
import io.blobstore.http.HttpClient;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import javax.net.ssl.TrustManager;

/**
 * Collects the settings that all stores in a bucket have in common. Not thread-safe.
 *
 * @param <B> the type of the builder itself
 */
public abstract class BucketStoreBuilder<B extends BucketStoreBuilder<B>> {
    /** The bucket's name. */
    protected final String bucket;
    /** Builds the client of the data plane. */
    protected final HttpClient.Builder http = HttpClient.builder();
    /** The prefix of all objects' names; may be empty. */
    protected String prefix = "";
    /** The server's URI; empty for the default. */
    protected Optional<URI> endpoint = Optional.empty();
    /** The storage class of new objects; empty for the bucket's default. */
    protected Optional<String> storageClass = Optional.empty();

    /** The number of attempts of a request without content. */
    protected int maxAttempts = Retries.DEFAULT_ATTEMPTS;
    /** Measures the delays between attempts. */
    protected RetryClock retryClock = RetryClock.SYSTEM;
    /** Receives the requests. */
    protected StoreObserver observer = StoreObserver.NONE;
    /** Whether the server enforces preconditions; empty to decide by the endpoint. */
    protected Optional<Boolean> nativeConditions = Optional.empty();

    /** Creates a builder with default settings. */
    protected BucketStoreBuilder(String bucket) {
        this.bucket = bucket;
    }

    /** Returns this builder. */
    protected abstract B self();

    /**
     * Sets the server's URI, as in {@code http://127.0.0.1:9000}; default: the endpoint that the cloud's environment
     * variables name, or else the cloud's own.
     */
    public B endpoint(URI endpoint) {
        this.endpoint = Optional.of(UriParameters.requireEndpoint(endpoint));
        return self();
    }

    /** Sets a prefix of all objects' names, which is not part of the keys; default: empty. */
    public B prefix(String prefix) {
        if (!prefix.isEmpty()) {
            BlobKey.of(prefix); // rejects a prefix that is malformed, or longer than a key
        }
        this.prefix = prefix;
        return self();
    }

    /** Sets the storage class of new objects, as in "STANDARD"; default: the bucket's. */
    public B storageClass(String name) {
        if (name.isEmpty() || !name.chars().allMatch(c -> (c >= 'A' && c <= 'Z') || c == '_')) {
            throw new IllegalArgumentException("a storage class must be written like STANDARD; got '" + name + "'");
        }
        storageClass = Optional.of(name);
        return self();
    }

    /**
     * Sets whether the server enforces preconditions itself; default: true for the cloud's own endpoints, and false for
     * all others. With false, a request for the blob's metadata is sent directly before each conditional request, as
     * some compatible servers ignore conditions: see {@link io.blobstore.StoreCapabilities#conditionalStore()}.
     */
    public B nativeConditions(boolean enforced) {
        nativeConditions = Optional.of(enforced);
        return self();
    }

    /** Sets which certificates are trusted; default: JSSE's trust managers, by its system properties. */
    public B trustManagers(TrustManager... managers) {
        http.trustManagers(managers);
        return self();
    }

    /**
     * Sets the maximum number of connections to the server, including idle ones; default 256. Requests beyond that wait
     * in order of arrival and without a time limit, so any number of parts can be in flight over few connections. A
     * source must not use the store that it is uploaded to: its request might wait for the upload's.
     *
     * <p>The connections of an SDK client given to the builder do not count.
     */
    public B maxConnections(int connections) {
        http.maxConnections(connections);
        return self();
    }

    /** Sets the time limit for establishing a connection, including TLS; default 10 s. */
    public B connectTimeout(Duration timeout) {
        Objects.requireNonNull(timeout, "timeout");
        http.connectTimeout(timeout);
        return self();
    }

    /**
     * Sets how long a connection may make no progress; default 30 s. This includes waiting for an answer, except to the
     * requests of {@link #answerTimeout}.
     */
    public B stallTimeout(Duration timeout) {
        Objects.requireNonNull(timeout, "timeout");
        http.stallTimeout(timeout);
        return self();
    }

    /**
     * Sets how long the server may be silent while it copies a blob, or completes an upload; default 10 min. The white
     * space that some servers send meanwhile ends the silence; the whole answer may take six times as long. A request
     * that is not answered in time is not repeated, as the server may still be at work.
     */
    public B answerTimeout(Duration timeout) {
        Objects.requireNonNull(timeout, "timeout");
        http.answerTimeout(timeout);
        return self();
    }

    /**
     * Sets how often a request without content is sent at most, the first time included: from 1, which means no retry,
     * to 100; default 5. These are all requests but stores and reads of content, which transfers repeat. A request that
     * the server refuses because of its load is repeated for up to 2 minutes instead, unless this is 1.
     */
    public B maxAttempts(int attempts) {
        new Retries(attempts, retryClock); // rejects other numbers
        maxAttempts = attempts;
        return self();
    }

    /** Sets what receives the events of the store's requests; default: none. */
    public B observer(StoreObserver observer) {
        this.observer = Objects.requireNonNull(observer, "observer");
        if (observer != StoreObserver.NONE) {
            http.listener(RequestScope.LISTENER);
        }
        return self();
    }

    /**
     * Sets header fields that are added to each request, such as {@code traceparent} or {@code X-Amzn-Trace-Id};
     * default: none. The supplier is called for each attempt, by the thread that calls the store: for transfers, a
     * thread of their manager's executor. To read a thread's context there, such as the current span or an MDC, carry
     * it with {@link io.blobstore.transfer.TransferManager.Builder#executor}.
     *
     * <p>The fields are not signed. Fields that the store sets, that could change what a request means (such as
     * {@code Authorization}, {@code Range}, {@code Content-…}, {@code If-…}, {@code x-amz-…} and {@code x-goog-…}), and
     * malformed ones are left out, and so are all if the supplier throws: tracing must not fail a request. The first
     * such problem is logged. Requests that an SDK client given to the builder sends, and those over gRPC, do not have
     * the fields.
     */
    public B addedHeaders(Supplier<Map<String, String>> headers) {
        http.addedHeaders(headers);
        return self();
    }

    /** Returns the policy for repeating requests. */
    protected Retries retries() {
        return new Retries(maxAttempts, retryClock);
    }
}
