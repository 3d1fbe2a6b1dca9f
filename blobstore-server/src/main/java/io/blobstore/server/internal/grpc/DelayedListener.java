package io.blobstore.server.internal.grpc;

import io.grpc.ServerCall;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what gRPC reports about a call until it is known who listens. There is little: no message arrives before the
 * listener has asked for one. Thread-safe; the listener's methods are called one after the other.
 */
final class DelayedListener<Q> extends ServerCall.Listener<Q> {
    /** Something that gRPC has reported. */
    private interface Event<Q> {
        void replay(ServerCall.Listener<Q> listener);
    }

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final List<Event<Q>> waiting = new ArrayList<>();
    private ServerCall.@Nullable Listener<Q> listener;

    /** Sets who listens, and reports what has happened so far. */
    void set(ServerCall.Listener<Q> target) {
        lock.lock();
        try {
            waiting.forEach(event -> event.replay(target));
            waiting.clear();
            listener = target;
        } finally {
            lock.unlock();
        }
    }

    private void report(Event<Q> event) {
        ServerCall.Listener<Q> target;
        lock.lock();
        try {
            target = listener;
            if (target == null) {
                waiting.add(event);
                return;
            }
        } finally {
            lock.unlock();
        }
        event.replay(target);
    }

    @Override
    public void onMessage(Q message) {
        report(target -> target.onMessage(message));
    }

    @Override
    public void onHalfClose() {
        report(ServerCall.Listener::onHalfClose);
    }

    @Override
    public void onCancel() {
        report(ServerCall.Listener::onCancel);
    }

    @Override
    public void onComplete() {
        report(ServerCall.Listener::onComplete);
    }

    @Override
    public void onReady() {
        report(ServerCall.Listener::onReady);
    }
}
