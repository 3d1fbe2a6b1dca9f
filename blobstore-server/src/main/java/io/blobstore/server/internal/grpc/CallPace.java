package io.blobstore.server.internal.grpc;

import io.blobstore.server.ServerLimits;
import io.blobstore.server.internal.Pace;
import io.blobstore.server.internal.ReadMemory;
import io.grpc.Context;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * How fast the client of a call sends and takes messages, while the server waits for it. Of a message that arrives,
 * each byte is known; of one that is sent, only when all of it was taken. Thread-safe: gRPC reports from event loops,
 * services work on threads of a pool, and another one takes samples.
 */
final class CallPace extends ServerStreamTracer {
    private static final Context.Key<CallPace> KEY = Context.key("pace of the call");

    /** A message of so many bytes is taken within a window; a larger one may take longer in proportion. */
    private static final int BYTES_OF_A_WINDOW = ReadMemory.LARGE;

    private final CallPaces calls;
    private final long windowNanos;

    private final AtomicLong receivedBytes = new AtomicLong();
    /** Messages that the service has asked for, and that have not arrived. */
    private final AtomicInteger awaited = new AtomicInteger();

    private volatile @Nullable String refusal;
    private volatile boolean halfClosed;
    private volatile boolean ended;
    private volatile Context.@Nullable CancellableContext context;
    private volatile @Nullable PacedCall<?, ?> call;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final Pace receiving;
    private boolean answered;
    /** What gRPC has, and the connection has not taken. */
    private long held;

    private long heldSince;

    CallPace(CallPaces calls, ServerLimits limits) {
        this.calls = calls;
        windowNanos = limits.paceWindow().toNanos();
        receiving = new Pace(windowNanos, limits.minBytesPerSecond());
    }

    /** Returns the pace of the call that is being started. */
    static CallPace current() {
        return KEY.get();
    }

    /** Begins to measure a call. */
    void begin(PacedCall<?, ?> started) {
        call = started;
        calls.add(this);
        if (ended) {
            calls.remove(this);
        }
    }

    // ---- reports of gRPC

    @Override
    public Context filterContext(Context parent) {
        Context.CancellableContext own = parent.withValue(KEY, this).withCancellation();
        context = own;
        return own;
    }

    @Override
    public void inboundWireSize(long bytes) {
        receivedBytes.addAndGet(bytes);
    }

    @Override
    public void inboundMessageRead(int number, long wireSize, long size) {
        awaited.decrementAndGet();
    }

    @Override
    public void streamClosed(Status status) {
        ended = true;
        calls.remove(this);
        hold(0);
    }

    /** A message has arrived that the service must not see. */
    void refuse(String reason) {
        refusal = reason;
    }

    /** Returns why the message that has arrived must not be seen; null if it may. */
    @Nullable String refusal() {
        return refusal;
    }

    // ---- reports of the service

    /** The service has asked for messages. */
    void awaits(int messages) {
        awaited.addAndGet(messages);
    }

    /** The client has sent everything. */
    void halfClosed() {
        halfClosed = true;
    }

    /**
     * A message of a number of bytes is to be given to gRPC.
     *
     * @return false if there is no memory for it, and the call has to end
     */
    boolean sends(long bytes) {
        lock.lock();
        try {
            if (bytes > ReadMemory.SMALL && !ended) {
                if (!calls.memory().tryAdd(bytes - held)) {
                    return false;
                }
                held = bytes;
                heldSince = System.nanoTime();
            } else {
                hold(bytes);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** The connection has taken what was sent. */
    void taken() {
        hold(0);
    }

    /** The response is complete. */
    void answered() {
        lock.lock();
        try {
            answered = true;
            heldSince = System.nanoTime();
        } finally {
            lock.unlock();
        }
    }

    private void hold(long bytes) {
        lock.lock();
        try {
            long now = ended ? 0 : bytes;
            calls.memory().add(now - held);
            held = now;
            heldSince = System.nanoTime();
        } finally {
            lock.unlock();
        }
    }

    // ---- samples

    /** Takes a sample, and ends the call if its client is too slow. */
    void sample(long now) {
        PacedCall<?, ?> started = call;
        if (started == null || ended) {
            return;
        }
        boolean slowReceiver = false;
        boolean slowSender = false;
        lock.lock();
        try {
            if (answered || (held > 0 && !started.isReady())) {
                receiving.reset();
                slowReceiver = now - heldSince > allowedNanos();
            } else if (isAwaited()) {
                slowSender = receiving.isTooSlow(now, receivedBytes.get());
            } else {
                receiving.reset();
            }
        } finally {
            lock.unlock();
        }
        if (slowReceiver) {
            cancel();
        } else if (slowSender) {
            endSending(started);
        }
    }

    /** Ends the call by a worker, as what has arrived may wait for one: then the client was not slow. */
    private void endSending(PacedCall<?, ?> started) {
        long before = receivedBytes.get();
        calls.onWorker(() -> {
            if (isAwaited() && receivedBytes.get() == before) {
                started.cut(Status.DEADLINE_EXCEEDED.withDescription("the client sends too slowly"));
            }
        });
    }

    private boolean isAwaited() {
        return awaited.get() > 0 && !halfClosed && !ended;
    }

    private long allowedNanos() {
        return held <= BYTES_OF_A_WINDOW ? windowNanos : (long) ((double) windowNanos * held / BYTES_OF_A_WINDOW);
    }

    /** Resets the stream: a status would wait behind what the client does not take. */
    private void cancel() {
        Context.CancellableContext own = context;
        if (own != null) {
            own.cancel(new TimeoutException("the client takes the response too slowly"));
        }
    }
}
