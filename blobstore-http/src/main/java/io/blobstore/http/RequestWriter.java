package io.blobstore.http;

import io.blobstore.BlobSource;
import io.blobstore.http.ResponseReader.Heard;
import io.blobstore.http.TransportException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SelectionKey;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;

/**
 * The way of one request to the server: gathering writes from the source's own buffers, with an ear open for a server
 * that answers before it has everything.
 */
final class RequestWriter {
    /** The JDK copies a heap buffer into a direct one of its size, and keeps that: so not more than this at once. */
    private static final int HEAP_WINDOW = 128 << 10;

    /** RFC 9110, section 10.1.1: a client must not wait for ever for a server that does not know 100-continue. */
    private static final long CONTINUE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final NonBlockingSocket socket;
    private final NetChannel channel;
    private final ResponseReader answer;
    private final StallDetector watch;
    private final ByteBuffer head;
    /** What had left over the socket before this request. */
    private final long before;
    /** Of what has left: how much the watch knows of. */
    private long counted;
    /** Of the body: bytes yet to be written. */
    private long left;

    RequestWriter(
            NonBlockingSocket socket, NetChannel channel, ResponseReader answer, StallDetector watch, byte[] head) {
        this.socket = socket;
        this.channel = channel;
        this.answer = answer;
        this.watch = watch;
        this.head = ByteBuffer.wrap(head);
        before = socket.written();
        counted = before;
    }

    /** The socket took no more bytes, and never will. */
    static final class WriteFailure extends IOException {
        private static final long serialVersionUID = 1L;

        WriteFailure(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    /** Leaves the visit of a source: the server has answered already. */
    private static final class AnsweredEarly extends IOException {
        private static final long serialVersionUID = 1L;

        @Override
        public synchronized Throwable fillInStackTrace() {
            return this; // caught a few lines from here
        }
    }

    /** Whether no byte of the request has left, so that it can be sent again elsewhere without harm. */
    boolean isUntouched() {
        return socket.written() == before;
    }

    /** Sends the head alone; false if the server answered, or closed, before it was sent. */
    boolean sendHead() throws IOException {
        return write(head) && flush();
    }

    /**
     * Sends all of a request; false if the server answered, or closed, before it was sent.
     *
     * @throws WriteFailure if the connection broke; what the server said before that can still be read
     */
    boolean send(HttpRequest request) throws IOException {
        BlobSource body = request.body().orElse(null);
        if (body == null || body.size() == 0) {
            return sendHead();
        }
        if (request.expectContinue() && !(sendHead() && mayContinue())) {
            return false;
        }
        try {
            left = body.size();
            body.forEachBuffer(Integer.MAX_VALUE, buffer -> writeBody(body, buffer));
        } catch (AnsweredEarly e) {
            return false;
        }
        return flush();
    }

    /** Waits for leave to send the body; false if the answer is something else. */
    private boolean mayContinue() throws IOException {
        long end = socket.clock().nanoTime() + Math.min(CONTINUE_NANOS, watch.remaining());
        Heard heard = answer.listen();
        while (heard == Heard.NOTHING) {
            try {
                socket.await(SelectionKey.OP_READ, end - socket.clock().nanoTime(), "100 Continue");
            } catch (TransportException e) {
                if (e.kind() != Kind.TIMEOUT) {
                    throw e;
                }
                break; // a server that does not know it
            }
            heard = answer.listen();
        }
        watch.restart();
        return heard != Heard.ANSWER;
    }

    /**
     * Writes a buffer of the body. The body's last byte is held back until the source has been checked once more: a
     * server that never gets it does not store what is not the content.
     */
    private void writeBody(BlobSource body, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            int size = buffer.isDirect() ? buffer.remaining() : Math.min(HEAP_WINDOW, buffer.remaining());
            if (left == 1) {
                body.requireUnchanged();
            } else if (size == left) {
                size--;
            }
            ByteBuffer window = buffer.slice(buffer.position(), size);
            if (!(head.hasRemaining() ? write(head, window) : write(window))) {
                throw new AnsweredEarly();
            }
            buffer.position(buffer.position() + size);
            left -= size;
        }
    }

    private boolean write(ByteBuffer... buffers) throws IOException {
        ByteBuffer last = buffers[buffers.length - 1];
        while (last.hasRemaining()) {
            attempt(() -> channel.write(buffers));
            countMoved();
            if (last.hasRemaining() && !awaitRoom()) {
                return false;
            }
        }
        return true;
    }

    private boolean flush() throws IOException {
        while (!attempt(channel::flush)) {
            countMoved();
            if (!awaitRoom()) {
                return false;
            }
        }
        return true;
    }

    /** Only what the socket took is progress, not what became ciphertext. */
    private void countMoved() {
        watch.moved(socket.written() - counted);
        counted = socket.written();
    }

    private interface Attempt<T> {
        T run() throws IOException;
    }

    private static <T> T attempt(Attempt<T> attempt) throws IOException {
        try {
            return attempt.run();
        } catch (SSLException | TransportException | ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            throw new WriteFailure(e);
        }
    }

    /** Waits until the socket has room; false if instead there is an answer. */
    private boolean awaitRoom() throws IOException {
        int ready = socket.await(
                SelectionKey.OP_WRITE | SelectionKey.OP_READ, watch.remaining(), "the server to take the request");
        return (ready & SelectionKey.OP_READ) == 0 || answer.listen() != Heard.ANSWER;
    }
}
