package io.blobstore.http;

/** Receives a summary of each exchange of a client, on the thread that executed it. Must not throw. */
@FunctionalInterface
public interface ExchangeListener {
    /**
     * Receives the summary of an exchange that has ended.
     *
     * @param waitNanos the time until a connection was available, including the time to establish it, in nanoseconds
     * @param status the status of the response; 0 if there was none
     * @param sent the bytes of the request's body that were sent
     * @param received the bytes of the response's body that were received
     */
    void exchanged(long waitNanos, int status, long sent, long received);
}
