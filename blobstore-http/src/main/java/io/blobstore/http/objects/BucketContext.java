package io.blobstore.http.objects;

import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.StoreNotFoundException;
import io.blobstore.StoreObserver;
import io.blobstore.http.Causes;
import io.blobstore.http.HttpClient;
import io.blobstore.http.TransportException;
import io.blobstore.spi.Deletions;
import io.blobstore.spi.RequestEvents;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Runs the requests of an open store to its bucket, and translates their failures, until the store is closed.
 * Thread-safe.
 */
public final class BucketContext {
    private static final int FREEING_ATTEMPTS = 3;

    private final String name;
    private final String uri;
    private final HttpClient http;
    private final ErrorTranslator errors;
    private final Retries retries;
    private final RequestEvents events;
    private final State state;

    /** What the contexts of a store share. */
    private static final class State {
        private volatile boolean closing;
        private volatile boolean closed;
        private volatile boolean confirmed;
    }

    /** Creates the context of an open store that nobody observes. */
    public BucketContext(
            String scheme,
            String name,
            String prefix,
            Optional<String> endpoint,
            HttpClient http,
            ErrorTranslator errors,
            Retries retries) {
        this(scheme, name, prefix, endpoint, http, errors, retries, StoreObserver.NONE);
    }

    /**
     * Creates the context of an open store.
     *
     * @param scheme the scheme of the store's URI
     * @param prefix the prefix of the store's objects; may be empty
     * @param endpoint the server's URL; empty for the cloud's own
     * @param http the client, which is closed with the store
     * @param observer receives the requests
     */
    public BucketContext(
            String scheme,
            String name,
            String prefix,
            Optional<String> endpoint,
            HttpClient http,
            ErrorTranslator errors,
            Retries retries,
            StoreObserver observer) {
        this(scheme, name, uri(scheme, name, prefix, endpoint), http, errors, retries, observer);
    }

    private BucketContext(
            String scheme,
            String name,
            String uri,
            HttpClient http,
            ErrorTranslator errors,
            Retries retries,
            StoreObserver observer) {
        this(name, uri, http, errors, retries, RequestEvents.of(observer, scheme, uri), new State());
    }

    private static String uri(String scheme, String name, String prefix, Optional<String> endpoint) {
        String parameters = Stream.of(
                        prefix.isEmpty() ? Optional.<String>empty() : Optional.of("prefix=" + prefix),
                        endpoint.map(url -> "endpoint=" + url))
                .flatMap(Optional::stream)
                .collect(Collectors.joining("&"));
        return scheme + "://" + name + (parameters.isEmpty() ? "" : "?" + parameters);
    }

    private BucketContext(
            String name,
            String uri,
            HttpClient http,
            ErrorTranslator errors,
            Retries retries,
            RequestEvents events,
            State state) {
        this.name = name;
        this.uri = uri;
        this.http = http;
        this.errors = errors;
        this.retries = retries;
        this.events = events;
        this.state = state;
    }

    /** Returns a context for requests that explain failures of others, and must not wait as long as those. */
    public BucketContext forLookups() {
        return new BucketContext(name, uri, http, errors, retries.brief(), events, state);
    }

    /** Returns the bucket's name. */
    public String name() {
        return name;
    }

    /** A request to the server, or its preparation. */
    @FunctionalInterface
    public interface Request<T> {
        /** Sends the request and returns the result. */
        T run() throws IOException;
    }

    /**
     * Runs a request and maps failures to {@link BlobStoreException}. Success confirms that the bucket exists.
     *
     * @throws BlobStoreException if the request fails
     * @throws IllegalStateException if the store is closed, also during the request
     */
    public <T> T request(Operation operation, @Nullable BlobKey key, Request<T> request) throws IOException {
        return events.isObserved()
                ? observed(operation, key, () -> confirmed(operation, key, request))
                : confirmed(operation, key, request);
    }

    private <T> T confirmed(Operation operation, @Nullable BlobKey key, Request<T> request) throws IOException {
        T response = translate(operation, key, request);
        confirm();
        return response;
    }

    /**
     * Reports everything that is done for a request to the store's observer as one request, unless it is a part of one
     * that this thread sends already.
     */
    public <T> T observed(Operation operation, @Nullable BlobKey key, Request<T> request) throws IOException {
        return events.isObserved() ? RequestScope.run(events, operation, key, request) : request.run();
    }

    /** Adds content that did not travel over HTTP to the request that this thread sends; in bytes. */
    public void moved(long sent, long received) {
        if (events.isObserved()) {
            RequestScope.moved(sent, received);
        }
    }

    /**
     * Runs a request that may be carried out more than once, and repeats it after failures as {@link Retries}
     * describes.
     *
     * @throws BlobStoreException if the request fails finally
     * @throws IllegalStateException if the store is closed, also during the request
     */
    public <T> T call(Operation operation, @Nullable BlobKey key, Request<T> request) throws IOException {
        return repeat(operation, key, () -> request(operation, key, request));
    }

    /** Repeats a request whose failures are translated already, as {@link #call} does. */
    public <T> T repeat(Operation operation, @Nullable BlobKey key, Request<T> request) throws IOException {
        return events.isObserved()
                ? observed(operation, key, () -> repeated(operation, key, request))
                : repeated(operation, key, request);
    }

    private <T> T repeated(Operation operation, @Nullable BlobKey key, Request<T> request) throws IOException {
        Retries.Attempts attempts = retries.begin();
        while (true) {
            try {
                return request.run();
            } catch (BlobStoreException e) {
                if (!awaitNext(attempts, operation, key, e)) {
                    throw e;
                }
            }
        }
    }

    /**
     * Deletes blobs with one request, and with further ones those that failed and may be deleted later.
     *
     * @param request sends one request
     * @return the keys whose blobs could not be deleted, each with its failure
     */
    public Map<BlobKey, BlobStoreException> delete(Operation operation, List<BlobKey> keys, Deletions.Batch request)
            throws IOException {
        return observed(operation, null, () -> deleted(operation, keys, request));
    }

    private Map<BlobKey, BlobStoreException> deleted(Operation operation, List<BlobKey> keys, Deletions.Batch request)
            throws IOException {
        Map<BlobKey, BlobStoreException> failures = new LinkedHashMap<>();
        Retries.Attempts attempts = retries.begin();
        for (List<BlobKey> left = keys; ; ) {
            Map<BlobKey, BlobStoreException> failed = new LinkedHashMap<>();
            try {
                failed.putAll(request.delete(left));
            } catch (BlobStoreException e) {
                left.forEach(key -> failed.put(key, e));
            }
            failures.keySet().removeAll(left);
            failures.putAll(failed);
            left = failed.entrySet().stream()
                    .filter(failure -> failure.getValue().isRetryable())
                    .map(Map.Entry::getKey)
                    .toList();
            Optional<BlobStoreException> temporary = failed.values().stream()
                    .filter(BlobStoreException::isRetryable)
                    .findFirst();
            if (temporary.isEmpty() || !awaitNext(attempts, operation, null, temporary.get())) {
                return failures;
            }
        }
    }

    /** Waits for the next attempt, as {@link Retries.Attempts#next} does; returns false if the store is closed. */
    boolean awaitNext(Retries.Attempts attempts, Operation operation, @Nullable BlobKey key, BlobStoreException problem)
            throws BlobStoreException {
        return !state.closing && pause(attempts, operation, key, problem);
    }

    private boolean pause(
            Retries.Attempts attempts, Operation operation, @Nullable BlobKey key, BlobStoreException problem)
            throws BlobStoreException {
        try {
            return attempts.next(problem);
        } catch (InterruptedException e) {
            e.addSuppressed(problem);
            throw errors.translate(operation, key, e);
        }
    }

    HttpClient http() {
        return http;
    }

    Retries retries() {
        return retries;
    }

    ErrorTranslator errors() {
        return errors;
    }

    /** Runs a request that creates an object, as {@link #request} does; a 404 means that the bucket does not exist. */
    public <T> T create(Operation operation, BlobKey key, Request<T> request) throws IOException {
        try {
            return request(operation, key, request);
        } catch (BlobNotFoundException e) {
            throw new StoreNotFoundException(operation, key, errors.noBucket(), e);
        }
    }

    /**
     * Runs a request or its preparation, as {@link #request} does, but success does not confirm that the bucket exists.
     */
    public <T> T translate(Operation operation, @Nullable BlobKey key, Request<T> request) throws IOException {
        requireOpen();
        try {
            return request.run();
        } catch (BlobStoreException e) {
            throw e;
        } catch (IOException e) {
            throw failure(operation, key, e);
        } catch (RuntimeException e) {
            if (errors.isTranslatable(e)) {
                throw failure(operation, key, e);
            }
            throw state.closing && e instanceof IllegalStateException ? closedDuringRequest(e) : e;
        }
    }

    private BlobStoreException failure(Operation operation, @Nullable BlobKey key, Exception problem) {
        boolean cancelled = state.closing
                && Causes.find(problem, TransportException.class, e -> e.kind() == TransportException.Kind.CANCELLED)
                        .isPresent();
        if (state.closed || cancelled) {
            throw closedDuringRequest(problem);
        }
        return errors.translate(operation, key, problem);
    }

    private static IllegalStateException closedDuringRequest(Exception problem) {
        return new IllegalStateException("the store was closed meanwhile", problem);
    }

    /**
     * Frees a resource on the server, such as the parts of an upload, even if the thread was interrupted before: its
     * interrupt status is restored afterwards. A later interrupt ends the request. There are up to three attempts
     * within a second, as there is no later opportunity, and an upload costs money until a lifecycle rule removes it;
     * but only one if the server does not respond.
     */
    public void free(BlobKey key, Request<?> request) throws IOException {
        observed(Operation.ABORT_UPLOAD, key, () -> {
            freed(key, request);
            return key;
        });
    }

    private void freed(BlobKey key, Request<?> request) throws IOException {
        boolean interrupted = Thread.interrupted();
        Retries.Attempts attempts = retries.brief(FREEING_ATTEMPTS).begin();
        try {
            while (true) {
                try {
                    request(Operation.ABORT_UPLOAD, key, request);
                    return;
                } catch (BlobStoreException e) {
                    if (ErrorTranslator.isUnresponsive(e) || !pause(attempts, Operation.ABORT_UPLOAD, key, e)) {
                        throw e;
                    }
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Returns whether a response has confirmed that the bucket exists: then a 404 without a code concerns the blob. */
    public boolean isConfirmed() {
        return state.confirmed;
    }

    /** Records that a response has confirmed that the bucket exists. */
    public void confirm() {
        state.confirmed = true;
    }

    /**
     * Checks that the store is open.
     *
     * @throws IllegalStateException if it is closed
     */
    public void requireOpen() {
        if (state.closed) {
            throw new IllegalStateException("this store is closed: " + this);
        }
    }

    /**
     * Ends copies and completions under way, and repeats no failed request any more. To be called before the uploads of
     * the store are aborted, which would wait for their completion.
     */
    public void beginClose() {
        state.closing = true;
        http.cancelSlowCalls();
    }

    /** Cancels all running requests and rejects further ones. Idempotent. */
    public void close() {
        state.closing = true;
        state.closed = true;
        http.close();
    }

    /** Returns the store's URI with what tells stores apart: the prefix, and the endpoint of other servers. */
    @Override
    public String toString() {
        return uri;
    }
}
