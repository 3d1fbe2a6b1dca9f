package io.blobstore.server.internal.grpc;

import io.blobstore.server.ServerLimits;
import io.blobstore.server.internal.ReadMemory;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends calls whose clients are too slow, and counts what responses take of the memory for reads until their clients
 * have taken them: gRPC copies each message, and keeps it until then. Thread-safe.
 */
@SuppressWarnings("FutureReturnValueIgnored") // samples end with the timer
final class CallPaces extends ServerStreamTracer.Factory implements ServerInterceptor {
    private static final Logger LOG = LoggerFactory.getLogger(CallPaces.class);
    private static final long MAX_PERIOD = TimeUnit.SECONDS.toNanos(5);
    private static final long MIN_PERIOD = TimeUnit.MILLISECONDS.toNanos(10);

    private final ServerLimits limits;
    private final ReadMemory memory;
    private final Executor workers;
    private final Set<CallPace> calls = ConcurrentHashMap.newKeySet();

    CallPaces(ServerLimits limits, ReadMemory memory, Executor workers) {
        this.limits = limits;
        this.memory = memory;
        this.workers = workers;
    }

    /** Begins to take samples of all calls, until the timer is shut down. */
    void start(ScheduledExecutorService timer) {
        long period =
                Math.max(MIN_PERIOD, Math.min(MAX_PERIOD, limits.paceWindow().toNanos() / 4));
        timer.scheduleWithFixedDelay(this::sample, period, period, TimeUnit.NANOSECONDS);
    }

    private void sample() {
        long now = System.nanoTime();
        for (CallPace call : calls) {
            try {
                call.sample(now);
            } catch (RuntimeException e) {
                LOG.warn("a call was not sampled", e); // the others are, and this one again
            }
        }
    }

    ReadMemory memory() {
        return memory;
    }

    void add(CallPace call) {
        calls.add(call);
    }

    void remove(CallPace call) {
        calls.remove(call);
    }

    void onWorker(Runnable task) {
        try {
            workers.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("the server was closed", e); // and all calls with it
        }
    }

    @Override
    public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
        return new CallPace(this, limits);
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        CallPace pace = CallPace.current();
        PacedCall<Q, R> paced = new PacedCall<>(call, pace);
        pace.begin(paced);
        return new SimpleForwardingServerCallListener<>(next.startCall(paced, headers)) {
            @Override
            public void onMessage(Q message) {
                String refusal = pace.refusal();
                if (refusal == null) {
                    super.onMessage(message);
                } else {
                    paced.cut(Status.INVALID_ARGUMENT.withDescription(refusal));
                }
            }

            @Override
            public void onHalfClose() {
                pace.halfClosed();
                if (!paced.isCut()) {
                    super.onHalfClose();
                }
            }

            @Override
            public void onComplete() {
                if (paced.isCut()) {
                    super.onCancel(); // for the service, which did not end it
                } else {
                    super.onComplete();
                }
            }
        };
    }
}
