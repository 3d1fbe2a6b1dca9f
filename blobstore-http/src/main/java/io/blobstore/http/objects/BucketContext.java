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

/** The bucket of an open store: runs its requests with translated errors, until the store is closed. Thread-safe. */
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
     * @param scheme of the store's URI
     * @param prefix of the store's objects; may be empty
     * @param http is closed with the store
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
        /** Sends the request and returns what the server responded. */
        T run() throws IOException;
    }

    /**
     * Sends a request.
     *
     * @throws BlobStoreException if it fails
     * @throws IllegalStateException if the store is closed, or was closed meanwhile
     */
    public <T> T request(Operation operation, @Nullable BlobKey key, Request<T> request) throws IOException {
        T response = translate(operation, key, request);
        confirm();
        return response;
    }

    /** Sends a request that creates an object: what the server does not find can only be the bucket. */
    public <T> T create(Operation operation, BlobKey key, Request<T> request) throws IOException {
        try {
            return request(operation, key, request);
        } catch (BlobNotFoundException e) {
            throw new StoreNotFoundException(operation, key, errors.noBucket(), e);
        }
    }

    /**
     * Runs a request or its preparation as {@link #request} does, but its success does not prove that the bucket
     * exists.
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
            throw closed && e instanceof IllegalStateException ? closedMeanwhile(e) : e;
        }
    }

    private BlobStoreException failure(Operation operation, @Nullable BlobKey key, Exception problem) {
        if (closed) {
            throw closedMeanwhile(problem);
        }
        return errors.translate(operation, key, problem);
    }

    private static IllegalStateException closedMeanwhile(Exception problem) {
        return new IllegalStateException("the store was closed meanwhile", problem);
    }

    /**
     * Frees what the server keeps of an upload; see {@link UninterruptibleRequest#free}. A server that does not respond
     * is asked once.
     *
     * @param again whether a failure that may pass is worth another attempt
     */
    public void free(BlobKey key, Request<?> request, Predicate<BlobStoreException> again) throws IOException {
        UninterruptibleRequest.free(
                () -> request(Operation.ABORT_UPLOAD, key, request),
                problem -> !ErrorTranslator.isUnanswered(problem) && again.test(problem));
    }

    /**
     * Returns whether a response has proved that the bucket exists: then a 404 without explanation concerns the blob.
     */
    public boolean isConfirmed() {
        return confirmed;
    }

    /** Records that a response has proved that the bucket exists. */
    public void confirm() {
        confirmed = true;
    }

    /** Throws {@link IllegalStateException} if the store is closed. */
    public void requireOpen() {
        if (closed) {
            throw new IllegalStateException("this store is closed: " + this);
        }
    }

    /** Cancels all requests under way and refuses further ones. Idempotent. */
    public void close() {
        closed = true;
        http.close();
    }

    /** Returns the store's URI, without the parameters that concern the connection. */
    @Override
    public String toString() {
        return uri;
    }
}
