package io.blobstore.server.internal.http;

import io.blobstore.server.ServerLimits;
import io.blobstore.server.internal.Pace;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How long a connection waits for its client: samples it now and then, and has it closed when the client is too slow.
 * Time in which the server is busy does not count. Used by one event loop only.
 */
final class Patience {
    private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long MAX_PERIOD = TimeUnit.SECONDS.toNanos(5);
    private static final long MIN_PERIOD = TimeUnit.MILLISECONDS.toNanos(10);

    /** What the connection waits for. */
    private enum Wait {
        NOTHING,
        /** A request of which nothing has arrived. */
        REQUEST,
        /** The rest of a request's head. */
        HEAD,
        /** More of a request's body. */
        CONTENT,
        /** Room for more of the response. */
        SENDING,
        /** The client, to close the connection. */
        CLOSE
    }

    private final long idleNanos;
    private final long headNanos;
    private final Pace receiving;
    private final Pace sending;
    private final long period;

    private Wait wait = Wait.NOTHING;
    private long since = System.nanoTime();
    private long arrived;
    private long sent;
    private long pendingBefore;
    private long sentEncrypted;
    private @Nullable ScheduledFuture<?> samples;

    Patience(ServerLimits limits) {
        idleNanos = limits.idleTimeout().toNanos();
        headNanos = limits.headTimeout().toNanos();
        long window = limits.paceWindow().toNanos();
        receiving = new Pace(window, limits.minBytesPerSecond());
        sending = new Pace(window, limits.minBytesPerSecond());
        period = Math.max(MIN_PERIOD, Math.min(MAX_PERIOD, Math.min(idleNanos, Math.min(headNanos, window)) / 4));
    }

    void start(Connection connection, ChannelHandlerContext context) {
        samples = context.executor()
                .scheduleWithFixedDelay(() -> sample(connection, context), period, period, TimeUnit.NANOSECONDS);
    }

    void stop() {
        if (samples != null) {
            samples.cancel(false);
        }
    }

    private void become(Wait next) {
        wait = next;
        since = System.nanoTime();
    }

    /** Nothing of the next request has arrived. */
    void idle() {
        become(Wait.REQUEST);
    }

    /** Bytes have arrived from the client. */
    void arrived(long bytes) {
        arrived += bytes;
        if (wait == Wait.REQUEST) {
            become(Wait.HEAD);
        }
    }

    /** A message is complete: now the server is at work. */
    void messageArrived() {
        if (wait != Wait.SENDING && wait != Wait.CLOSE) {
            wait = Wait.NOTHING;
        }
    }

    /** The socket is read. */
    void waits() {
        if (wait == Wait.NOTHING) {
            wait = Wait.CONTENT;
        }
    }

    /** A part of a response is written. */
    void sends() {
        if (wait != Wait.CLOSE) {
            wait = Wait.SENDING;
        }
    }

    /** A part of a response was sent. */
    void sent(long bytes) {
        sent += bytes;
    }

    /** All of a response was sent. */
    void hasSent() {
        wait = Wait.NOTHING;
    }

    /** The client is expected to close the connection. */
    void lingers() {
        become(Wait.CLOSE);
    }

    private void sample(Connection connection, ChannelHandlerContext context) {
        long now = System.nanoTime();
        if (isOver(now, context)) {
            connection.timedOut();
        }
    }

    private boolean isOver(long now, ChannelHandlerContext context) {
        return switch (wait) {
            case REQUEST -> now - since > idleNanos;
            case HEAD -> now - since > headNanos;
            case CLOSE -> now - since > LINGER_NANOS;
            case CONTENT -> receiving.isTooSlow(now, arrived);
            case SENDING -> isSlowReceiver(now, context);
            case NOTHING -> {
                receiving.reset();
                sending.reset();
                yield false;
            }
        };
    }

    private boolean isSlowReceiver(long now, ChannelHandlerContext context) {
        ChannelOutboundBuffer buffer = context.channel().unsafe().outboundBuffer();
        if (buffer == null || buffer.isEmpty()) {
            sending.reset(); // the next part is being read
            return false;
        }
        // What was sent of the part on its way: of encrypted parts, only how much less is waiting.
        long pending = buffer.totalPendingWriteBytes();
        sentEncrypted += Math.max(0, pendingBefore - pending);
        pendingBefore = pending;
        return sending.isTooSlow(now, Math.max(sent + buffer.currentProgress(), sentEncrypted));
    }
}
