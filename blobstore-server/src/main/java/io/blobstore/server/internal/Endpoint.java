package io.blobstore.server.internal;

import java.net.InetSocketAddress;
import java.time.Duration;

/** A protocol by which clients use a cache: a listening socket and its connections. Thread-safe. */
public interface Endpoint {
    /** Returns the address that it listens on. */
    InetSocketAddress address();

    /** Stops accepting connections and requests, and closes idle connections. Idempotent; does not wait. */
    void stopAccepting();

    /**
     * Waits until the running requests have ended.
     *
     * @return whether they have; false if the time is over
     */
    boolean awaitIdle(Duration timeout) throws InterruptedException;

    /** Returns how many buffers of its own are in use, as far as it knows; for tests: 0 when it is cut off. */
    long activeBuffers();

    /**
     * Closes all connections, and waits until nothing of this endpoint uses the cache, a buffer or a thread any more,
     * except for tasks of the workers. Idempotent.
     */
    void cut();
}
