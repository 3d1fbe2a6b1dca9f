package io.blobstore.gcs.grpc;

import com.google.storage.v2.BidiReadObjectRequest;
import com.google.storage.v2.BidiReadObjectSpec;
import com.google.storage.v2.Object;
import com.google.storage.v2.ObjectRangeData;
import com.google.storage.v2.ReadRange;
import io.blobstore.BlobTarget;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A stream over which ranges of one version of an object are read, any number at once.
 *
 * <pre>
 *   OPENING ──first message──► OPEN ──discard──► DISCARDED ──last range ended──► cancelled ──► ENDED
 *      └──────────────────── the server or the connection ends the stream ───────────────────────▲
 * </pre>
 *
 * <p>A session never restarts: whoever reads from it opens another one, and requests what is missing. Messages arrive
 * on one thread of gRPC at a time. Each is requested after the one before the last was released, so that a slow target
 * makes the server wait, and the memory in use does not depend on the length of the ranges.
 *
 * <p>Thread-safe.
 */
final class ReadSession {
    /** The messages that the transport may hold: one is received while the other is copied. */
    private static final int MESSAGES = 2;

    private static final Metadata.Key<String> ROUTING =
            Metadata.Key.of("x-goog-request-params", Metadata.ASCII_STRING_MARSHALLER);

    private final Connection connection;
    private final ClientCall<BidiReadObjectRequest, ReadMessage> call;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // Guarded by lock:
    private final Map<Long, RangeRead> ranges = new HashMap<>();
    private long nextId = 1;
    private boolean discarded;
    private @Nullable Object resource;
    private @Nullable SessionEnd end;

    private ReadSession(Connection connection) {
        this.connection = connection;
        this.call = connection.newCall();
    }

    /**
     * Opens a stream, and waits for the description of the object.
     *
     * @param bucket the bucket's resource name
     * @param generation the generation; 0 for the current one
     * @param redirect what the last attempt was told; empty for a first one
     * @param timeoutNanos the time to wait in nanoseconds
     * @throws SessionEndedException if the server refuses, or does not answer in time
     * @throws InterruptedException if the thread is interrupted
     */
    static ReadSession open(
            Connection connection,
            String bucket,
            String object,
            long generation,
            Optional<SessionEnd.Redirect> redirect,
            long timeoutNanos)
            throws SessionEndedException, InterruptedException {
        BidiReadObjectSpec.Builder spec = BidiReadObjectSpec.newBuilder()
                .setBucket(bucket)
                .setObject(object)
                .setGeneration(generation);
        Optional<String> token = redirect.flatMap(SessionEnd.Redirect::routingToken);
        token.ifPresent(spec::setRoutingToken);
        redirect.flatMap(SessionEnd.Redirect::handle).ifPresent(spec::setReadHandle);
        Metadata headers = new Metadata();
        headers.put(
                ROUTING,
                "bucket=" + URLEncoder.encode(bucket, StandardCharsets.UTF_8)
                        + token.map(text -> "&routing_token=" + URLEncoder.encode(text, StandardCharsets.UTF_8))
                                .orElse(""));
        ReadSession session = new ReadSession(connection);
        session.start(headers, spec.build());
        session.awaitOpen(timeoutNanos);
        return session;
    }

    private void start(Metadata headers, BidiReadObjectSpec spec) {
        call.start(new Listener(), headers);
        call.request(MESSAGES);
        call.sendMessage(
                BidiReadObjectRequest.newBuilder().setReadObjectSpec(spec).build());
    }

    private void awaitOpen(long timeoutNanos) throws SessionEndedException, InterruptedException {
        boolean open = false;
        lock.lock();
        try {
            long left = timeoutNanos;
            while (resource == null && end == null && left > 0) {
                left = changed.awaitNanos(left);
            }
            if (end != null) {
                throw new SessionEndedException(end);
            }
            if (resource == null) {
                throw new SessionEndedException(SessionEnd.of(Status.DEADLINE_EXCEEDED.withDescription(
                        "no answer within " + TimeUnit.NANOSECONDS.toMillis(timeoutNanos) + " ms")));
            }
            open = true;
        } finally {
            lock.unlock();
            if (!open) {
                cancel("the session could not be opened");
            }
        }
    }

    // ---- callers

    Connection connection() {
        return connection;
    }

    /** Returns the server's description of the object. */
    Object resource() {
        lock.lock();
        try {
            if (resource == null) {
                throw new IllegalStateException("this session is not open");
            }
            return resource;
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether further ranges can be read. */
    boolean isUsable() {
        lock.lock();
        try {
            return !discarded && end == null;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Requests a range, to be passed to {@link #release} afterwards. The range must be inside the object: the server
     * ends the stream because of one that is not.
     *
     * @throws SessionEndedException if the session has ended
     */
    RangeRead request(long offset, long length, BlobTarget.Window window) throws SessionEndedException {
        RangeRead range = new RangeRead(offset, length, window);
        lock.lock();
        try {
            if (end != null || discarded) {
                throw new SessionEndedException(end != null ? end : SessionEnd.of(Status.CANCELLED));
            }
            long id = nextId++;
            ranges.put(id, range);
            call.sendMessage(BidiReadObjectRequest.newBuilder()
                    .addReadRanges(ReadRange.newBuilder()
                            .setReadId(id)
                            .setReadOffset(offset)
                            .setReadLength(length))
                    .build());
        } catch (IllegalStateException e) {
            // The call was cancelled just now: gRPC reports its end, which ends the range, too.
        } finally {
            lock.unlock();
        }
        return range;
    }

    /** Ends the use of a range. If it ended otherwise than complete, the session is discarded. */
    void release(RangeRead range, boolean complete) {
        boolean last;
        lock.lock();
        try {
            ranges.values().remove(range);
            discarded |= !complete;
            last = discarded && ranges.isEmpty();
        } finally {
            lock.unlock();
        }
        if (last) {
            cancel("the session is not needed any more");
        }
    }

    /** Accepts no further ranges, and ends the stream as soon as the current ones have ended. Idempotent. */
    void discard() {
        boolean last;
        lock.lock();
        try {
            discarded = true;
            last = ranges.isEmpty();
        } finally {
            lock.unlock();
        }
        if (last) {
            cancel("the session is not needed any more");
        }
    }

    /** Ends the stream, and with it all ranges. Idempotent. */
    void cancel(String reason) {
        call.cancel(reason, null);
    }

    /**
     * Waits until the stream has ended.
     *
     * @return false if it has not within the time
     * @throws InterruptedException if the thread is interrupted
     */
    boolean awaitEnd(long timeoutNanos) throws InterruptedException {
        lock.lock();
        try {
            long left = timeoutNanos;
            while (end == null && left > 0) {
                left = changed.awaitNanos(left);
            }
            return end != null;
        } finally {
            lock.unlock();
        }
    }

    // ---- gRPC's thread

    private final class Listener extends ClientCall.Listener<ReadMessage> {
        @Override
        public void onMessage(ReadMessage message) {
            try (message) {
                receive(message);
            }
            call.request(1);
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            SessionEnd how = SessionEnd.of(status, trailers);
            Map<Long, RangeRead> left;
            lock.lock();
            try {
                end = how;
                left = new HashMap<>(ranges);
                ranges.clear();
                changed.signalAll();
            } finally {
                lock.unlock();
            }
            left.forEach((id, range) -> range.fail(how.ofRange(id)));
        }
    }

    private void receive(ReadMessage message) {
        if (message.response().hasMetadata()) {
            lock.lock();
            try {
                if (resource == null) {
                    resource = message.response().getMetadata();
                    changed.signalAll();
                }
            } finally {
                lock.unlock();
            }
        }
        for (ObjectRangeData data : message.response().getObjectDataRangesList()) {
            if (!accept(data)) {
                discard();
                cancel("the server violates the protocol");
                return;
            }
        }
    }

    /** Returns whether the session can go on. */
    private boolean accept(ObjectRangeData data) {
        long id = data.getReadRange().getReadId();
        RangeRead range;
        lock.lock();
        try {
            range = ranges.get(id);
            if (range == null) {
                // What still arrives for an abandoned range is dropped, as the session ends with its other ranges.
                return discarded || data.getChecksummedData().getContent().isEmpty();
            }
        } finally {
            lock.unlock();
        }
        return range.accept(data);
    }
}
