package io.blobstore.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Measures one exchange for the listener of its client. Used by the thread of the call. */
final class ExchangeMeter implements ResponseHandler {
    private final ExchangeListener listener;
    private final ResponseHandler handler;
    private final long start = System.nanoTime();
    private long waited;
    private int status;
    private long sent;
    private long received;

    ExchangeMeter(ExchangeListener listener, ResponseHandler handler) {
        this.listener = listener;
        this.handler = handler;
    }

    /** Notes that a connection is available; the last one counts, as the ones before were closed. */
    void connected() {
        waited = System.nanoTime() - start;
    }

    /** Notes the bytes of the request's body that were sent. */
    void sent(long bytes) {
        sent += bytes;
    }

    /** Notes a response. */
    void responded(HttpResponse response) {
        status = response.status();
        received += response.body().bytes().length;
    }

    /** Reports the exchange, which has ended. */
    void report() {
        listener.exchanged(waited == 0 ? System.nanoTime() - start : waited, status, sent, received);
    }

    @Override
    public Optional<Body> target(int responded, HttpHeaders headers) throws IOException {
        status = responded;
        return handler.target(responded, headers);
    }

    @Override
    public int maxKept() {
        return handler.maxKept();
    }

    @Override
    public void received(ByteBuffer bytes) {
        received += bytes.remaining();
        handler.received(bytes);
    }
}
