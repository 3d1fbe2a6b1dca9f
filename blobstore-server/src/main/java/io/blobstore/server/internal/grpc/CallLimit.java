package io.blobstore.server.internal.grpc;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Refuses calls beyond a number of running ones, as each may hold a file, room in the cache and memory for as long as
 * its client likes. A call runs until its client has received the whole response. Thread-safe.
 */
final class CallLimit implements ServerInterceptor {
    private final int max;
    private final AtomicInteger running = new AtomicInteger();

    CallLimit(int max) {
        this.max = max;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        if (running.incrementAndGet() > max) {
            running.decrementAndGet();
            call.close(Status.UNAVAILABLE.withDescription("too many calls are running; try again"), new Metadata());
            return new ServerCall.Listener<>() {};
        }
        AtomicBoolean ended = new AtomicBoolean();
        boolean started = false;
        try {
            ServerCall.Listener<Q> listener = next.startCall(call, headers);
            started = true;
            return new SimpleForwardingServerCallListener<>(listener) {
                @Override
                public void onComplete() {
                    end(ended);
                    super.onComplete();
                }

                @Override
                public void onCancel() {
                    end(ended);
                    super.onCancel();
                }
            };
        } finally {
            if (!started) {
                end(ended);
            }
        }
    }

    private void end(AtomicBoolean ended) {
        if (ended.compareAndSet(false, true)) {
            running.decrementAndGet();
        }
    }
}
