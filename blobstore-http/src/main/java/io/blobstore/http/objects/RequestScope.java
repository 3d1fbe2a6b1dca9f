package io.blobstore.http.objects;

import io.blobstore.BlobKey;
import io.blobstore.Operation;
import io.blobstore.http.ExchangeListener;
import io.blobstore.spi.ObservedRequest;
import io.blobstore.spi.RequestEvents;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The observed request that a thread sends, so that exchanges over HTTP, which know no operations, and repetitions can
 * be added to it. What a request of a store needs in addition, such as a lookup after its response was lost, belongs to
 * it; a request of another store, whose content is the source of this one, does not.
 */
final class RequestScope {
    /** Adds the exchanges of a client to the request of the thread that executes them. */
    static final ExchangeListener LISTENER = (waitNanos, status, sent, received) -> {
        RequestScope scope = current();
        if (scope != null) {
            scope.request.exchanged(waitNanos, status, sent, received);
        }
    };

    private static final ThreadLocal<@Nullable RequestScope> CURRENT = new ThreadLocal<>();

    private final RequestEvents store;
    private final ObservedRequest request;

    private RequestScope(RequestEvents store, ObservedRequest request) {
        this.store = store;
        this.request = request;
    }

    /** Returns the scope of the thread; null if it sends no observed request. */
    static @Nullable RequestScope current() {
        return CURRENT.get();
    }

    /** Runs a request of an observed store: a new one, or a part of the one that this thread sends for that store. */
    static <T> T run(RequestEvents store, Operation operation, @Nullable BlobKey key, BucketContext.Request<T> body)
            throws IOException {
        RequestScope outer = current();
        if (outer != null && outer.store == store) {
            return body.run();
        }
        ObservedRequest request = store.begin(operation, key);
        T result;
        try {
            result = within(new RequestScope(store, request), body);
        } catch (Throwable e) {
            request.failed(e);
            throw e;
        }
        request.succeeded();
        return result;
    }

    /** Runs a part of a request on this thread, which may be another one than that of the request. */
    static <T> T within(@Nullable RequestScope scope, BucketContext.Request<T> body) throws IOException {
        RequestScope outer = current();
        set(scope);
        try {
            return body.run();
        } finally {
            set(outer);
        }
    }

    private static void set(@Nullable RequestScope scope) {
        if (scope == null) {
            CURRENT.remove();
        } else {
            CURRENT.set(scope);
        }
    }

    /** Reports that an attempt failed, and another one follows after a delay. */
    static void retried(Throwable problem, Duration delay) {
        RequestScope scope = current();
        if (scope != null) {
            scope.request.retried(problem, delay);
        }
    }

    /** Adds content that did not travel over HTTP. */
    static void moved(long sent, long received) {
        RequestScope scope = current();
        if (scope != null) {
            scope.request.exchanged(0, 0, sent, received);
        }
    }
}
