package io.blobstore.server.internal.grpc;

import io.blobstore.server.internal.ReadMemory;
import io.grpc.stub.ServerCallStreamObserver;
import java.io.IOException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One response of many messages: sends while the connection takes more, and goes on when gRPC says that it does again. A
 * slow client holds a file and one message, and no thread.
 *
 * <p>gRPC copies a message, and keeps it until the connection has taken it: until then, it counts as memory for reads.
 * The calls of gRPC come one after the other; not thread-safe.
 *
 * @param <T> the type of a message
 */
final class Download<T> {
    private static final Logger LOG = LoggerFactory.getLogger(Download.class);

    private final Messages<T> messages;
    private final ServerCallStreamObserver<T> response;
    private final ReadMemory memory;
    private boolean ended;
    /** The size of the message that the connection has not taken. */
    private long held;

    private Download(Messages<T> messages, ServerCallStreamObserver<T> response, ReadMemory memory) {
        this.messages = messages;
        this.response = response;
        this.memory = memory;
    }

    /** Starts a response; the messages are closed at its end. */
    static <T> void start(Messages<T> messages, ServerCallStreamObserver<T> response, ReadMemory memory) {
        Download<T> download = new Download<>(messages, response, memory);
        response.setOnReadyHandler(download::send);
        response.setOnCancelHandler(download::cancelled);
        response.setOnCloseHandler(() -> download.hold(0));
    }

    private void send() {
        try {
            while (!ended && response.isReady()) {
                hold(0);
                Optional<T> message = messages.next();
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
            hold(messages.size(message));
            response.onNext(message);
        } finally {
            messages.discard(message);
        }
    }

    private void hold(long bytes) {
        memory.add(bytes - held);
        held = bytes;
    }

    private void cancelled() {
        end();
        hold(0);
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
