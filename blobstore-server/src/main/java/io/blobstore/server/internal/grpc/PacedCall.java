package io.blobstore.server.internal.grpc;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A call that its service ends, or the server if its client is too slow, whichever is first. Thread-safe, as the server
 * does so on threads of its own.
 */
final class PacedCall<Q, R> extends SimpleForwardingServerCall<Q, R> {
    private final CallPace pace;
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private boolean closed;
    private boolean cut;

    PacedCall(ServerCall<Q, R> call, CallPace pace) {
        super(call);
        this.pace = pace;
    }

    boolean isCut() {
        lock.lock();
        try {
            return cut;
        } finally {
            lock.unlock();
        }
    }

    /** Ends the call, unless the service has done so. */
    void cut(Status status) {
        lock.lock();
        try {
            if (!closed) {
                cut = true;
                close(status, new Metadata());
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void request(int messages) {
        pace.awaits(messages);
        super.request(messages);
    }

    @Override
    public boolean isReady() {
        boolean ready = super.isReady();
        if (ready) {
            pace.taken();
        }
        return ready;
    }

    @Override
    public void sendHeaders(Metadata headers) {
        lock.lock();
        try {
            if (!closed) {
                super.sendHeaders(headers);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void sendMessage(R message) {
        long size = CallLog.size(message);
        lock.lock();
        try {
            if (closed) {
                return;
            }
            if (!pace.sends(size)) {
                cut(Status.UNAVAILABLE.withDescription(
                        "too many responses wait for their clients to take them; try again"));
                return;
            }
            super.sendMessage(message);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close(Status status, Metadata trailers) {
        lock.lock();
        try {
            if (!closed) {
                closed = true;
                pace.answered();
                super.close(status, trailers);
            }
        } finally {
            lock.unlock();
        }
    }
}
