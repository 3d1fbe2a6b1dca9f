package io.blobstore.http.objects;

import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.StoreNotFoundException;
import io.blobstore.http.HttpClient;
import java.io.IOException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Runs the requests of an open store to its bucket, and translates their failures, until the store is closed.
 * Thread-safe.
 */
public final class BucketContext {
    private final String name;
    private final String uri;
    private final HttpClient http;
    private final ErrorTranslator errors;

    private volatile boolean closed;
    private volatile boolean confirmed;

    /**
     * Creates the context of an open store.
     *
     * @param scheme the scheme of the store's URI
     * @param prefix the prefix of the store's objects; may be empty
     * @param http the client, which is closed with the store
     */
    public BucketContext(String scheme, String name, String prefix, HttpClient http, ErrorTranslator errors) {
        this.name = name;
        uri = scheme + "://" + name + (prefix.isEmpty() ? "" : "?prefix=" + prefix);
        this.http = http;
        this.errors = errors;
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
        T response = translate(operation, key, request);
        confirm();
        return response;
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
            throw closed && e instanceof IllegalStateException ? closedDuringRequest(e) : e;
        }
    }

    private BlobStoreException failure(Operation operation, @Nullable BlobKey key, Exception problem) {
        if (closed) {
            throw closedDuringRequest(problem);
        }
        return errors.translate(operation, key, problem);
    }

    private static IllegalStateException closedDuringRequest(Exception problem) {
        return new IllegalStateException("the store was closed meanwhile", problem);
    }

    /**
     * Aborts an upload on the server; see {@link UninterruptibleRequest#free}. There is only one attempt if the server
     * does not respond.
     *
     * @param again whether to try again after a retryable failure
     */
    public void free(BlobKey key, Request<?> request, Predicate<BlobStoreException> again) throws IOException {
        UninterruptibleRequest.free(
                () -> request(Operation.ABORT_UPLOAD, key, request),
                problem -> !ErrorTranslator.isUnresponsive(problem) && again.test(problem));
    }

    /** Returns whether a response has confirmed that the bucket exists: then a 404 without a code concerns the blob. */
    public boolean isConfirmed() {
        return confirmed;
    }

    /** Records that a response has confirmed that the bucket exists. */
    public void confirm() {
        confirmed = true;
    }

    /**
     * Checks that the store is open.
     *
     * @throws IllegalStateException if it is closed
     */
    public void requireOpen() {
        if (closed) {
            throw new IllegalStateException("this store is closed: " + this);
        }
    }

    /** Cancels all running requests and rejects further ones. Idempotent. */
    public void close() {
        closed = true;
        http.close();
    }

    /** Returns the store's URI, without the parameters of the connection. */
    @Override
    public String toString() {
        return uri;
    }
}
