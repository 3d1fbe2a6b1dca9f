package io.blobstore.server.internal.grpc;

import io.blobstore.server.ServerLimits;
import io.blobstore.server.internal.ReadMemory;
import io.grpc.stub.ServerCallStreamObserver;
import java.io.IOException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One response of many messages: sends while the connection takes more, and goes on when gRPC says that it does again.
 * A slow client holds a file and one message, and no thread.
 *
 * <p>Messages are small until the client has shown that it takes large ones in time, as {@link CallPace} asks for: what
 * it has taken of a message is not known.
 *
 * <p>The calls of gRPC come one after the other; not thread-safe.
 *
 * @param <T> the type of a message
 */
final class Download<T> {
    private static final Logger LOG = LoggerFactory.getLogger(Download.class);
    private static final int LEAST_SMALL = 16 << 10;

    private final Messages<T> messages;
    private final ServerCallStreamObserver<T> response;
    private final long windowNanos;
    private final int small;
    private int next;
    private boolean ended;
    /** Whether the connection took no more, and since when. */
    private boolean blocked;

    private long blockedSince;

    private Download(Messages<T> messages, ServerCallStreamObserver<T> response, ServerLimits limits) {
        this.messages = messages;
        this.response = response;
        windowNanos = limits.paceWindow().toNanos();
        small = (int)
                Math.max(LEAST_SMALL, Math.min(ReadMemory.SMALL, limits.minBytesPerSecond() * (windowNanos / 1e9)));
        next = small;
    }

    /** Starts a response; the messages are closed at its end. */
    static <T> void start(Messages<T> messages, ServerCallStreamObserver<T> response, ServerLimits limits) {
        Download<T> download = new Download<>(messages, response, limits);
        response.setOnReadyHandler(download::send);
        response.setOnCancelHandler(download::end);
    }

    private void send() {
        try {
            while (!ended && isReady()) {
                Optional<T> message = messages.next(next);
                if (message.isEmpty()) {
                    end();
                    response.onCompleted();
                } else {
                    send(message.get());
                }
            }
        } catch (IOException | RuntimeException e) {
            end();
            response.onError(Statuses.of(e));
        }
    }

    private void send(T message) {
        try {
            response.onNext(message);
        } finally {
            messages.discard(message);
        }
    }

    /** Returns whether the connection takes a message, and notes how long it took none. */
    private boolean isReady() {
        boolean ready = response.isReady();
        long now = System.nanoTime();
        if (ready && blocked) {
            boolean fast = (double) (now - blockedSince) * ReadMemory.LARGE < (double) windowNanos * next;
            next = fast ? ReadMemory.LARGE : small;
        } else if (!ready && !blocked) {
            blockedSince = now;
        }
        blocked = !ready;
        return ready;
    }

    /** Closes the messages. Idempotent. */
    private void end() {
        if (!ended) {
            ended = true;
            try {
                messages.close();
            } catch (IOException e) {
                LOG.debug("a file was not closed", e);
            }
        }
    }
}
