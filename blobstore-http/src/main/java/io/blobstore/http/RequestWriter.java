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
 * Writes one request with gathering writes, large content straight from the source's own buffers, while watching for an
 * early response.
 *
 * <p>Bytes are either <em>staged</em>, that is copied behind the request's head, or written from the source's buffer
 * together with the staged ones before them. Small pieces are staged: a small blob is sent with one write, and so are
 * the head, the content's envelope and the first bytes of a large one. The body's last byte is always staged, and what
 * is staged at the end is written only after the source was checked once more: a server that never receives the last
 * byte does not store bytes that are not the content.
 */
final class RequestWriter {
    /** The JDK copies a heap buffer into a direct one of its size, which it keeps: so no more than this at once. */
    private static final int HEAP_WINDOW = 128 << 10;

    /** Bytes of a body that is staged as a whole. Copying so few costs less than a second write. */
    private static final int SMALL_BODY = 16 << 10;

    /** Bytes to stage of a larger body: its envelope, and its last byte. */
    private static final int STAGED = 2 << 10;

    /** RFC 9110, section 10.1.1: a client must not wait indefinitely for a server that does not know 100-continue. */
    private static final long CONTINUE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final NonBlockingSocket socket;
    private final NetChannel channel;
    private final ResponseReader answer;
    private final StallDetector watch;
    private final byte[] head;
    /** The bytes that the socket had written before this request. */
    private final long before;
    /** The bytes that the socket had written when the watch was last updated. */
    private long counted;
    /** The bytes of the body that are neither written nor staged. */
    private long left;

    RequestWriter(
            NonBlockingSocket socket, NetChannel channel, ResponseReader answer, StallDetector watch, byte[] head) {
        this.socket = socket;
        this.channel = channel;
        this.answer = answer;
        this.watch = watch;
        this.head = head;
        before = socket.written();
        counted = before;
    }

    /** The connection is broken: the socket accepts no more bytes. */
    static final class WriteFailure extends IOException {
        private static final long serialVersionUID = 1L;

        WriteFailure(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    /** Ends the visit of a source because the server has already responded. */
    private static final class AnsweredEarly extends IOException {
        private static final long serialVersionUID = 1L;

        @Override
        public synchronized Throwable fillInStackTrace() {
            return this; // caught a few lines from here
        }
    }

    /** Returns whether no byte of the request was written, so that it can safely be sent over another connection. */
    boolean isUntouched() {
        return socket.written() == before;
    }

    /** Sends the head alone; returns false if the server responded, or closed the connection, before that. */
    boolean sendHead() throws IOException {
        return write(ByteBuffer.wrap(head)) && flush();
    }

    /**
     * Sends the whole request; returns false if the server responded, or closed the connection, before that.
     *
     * @throws WriteFailure if the connection is broken; a response that the server sent before can still be read
     */
    boolean send(HttpRequest request) throws IOException {
        BlobSource body = request.body().orElse(null);
        if (body == null || body.size() == 0) {
            return sendHead();
        }
        int room = body.size() <= SMALL_BODY ? (int) body.size() : STAGED;
        ByteBuffer staged;
        if (!request.expectContinue()) {
            staged = ByteBuffer.allocate(head.length + room).put(head);
        } else if (sendHead() && mayContinue()) {
            staged = ByteBuffer.allocate(room);
        } else {
            return false;
        }
        left = body.size();
        try {
            body.forEachBuffer(Integer.MAX_VALUE, buffer -> writeBody(staged, buffer));
        } catch (AnsweredEarly e) {
            return false;
        }
        body.checkUnchanged(); // with the last byte staged
        return write(staged.flip()) && flush();
    }

    /** Waits until the server asks for the body; returns false if it sends another response. */
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

    /** Stages or writes a buffer of the body. */
    private void writeBody(ByteBuffer staged, ByteBuffer buffer) throws IOException {
        while (buffer.remaining() > staged.remaining()) {
            int size = buffer.isDirect() ? buffer.remaining() : Math.min(HEAP_WINDOW, buffer.remaining());
            if (size == left) {
                size--; // the last byte is staged
            }
            ByteBuffer window = buffer.slice(buffer.position(), size);
            staged.flip();
            if (!(staged.hasRemaining() ? write(staged, window) : write(window))) {
                throw new AnsweredEarly();
            }
            staged.clear();
            buffer.position(buffer.position() + size);
            left -= size;
        }
        left -= buffer.remaining();
        staged.put(buffer);
    }

    private boolean write(ByteBuffer... buffers) throws IOException {
        while (hasRemaining(buffers)) {
            attempt(() -> channel.write(buffers));
            countMoved();
            if (hasRemaining(buffers) && !awaitRoom()) {
                return false;
            }
        }
        return true;
    }

    private static boolean hasRemaining(ByteBuffer[] buffers) {
        for (ByteBuffer buffer : buffers) {
            if (buffer.hasRemaining()) {
                return true;
            }
        }
        return false;
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

    /** Counts as progress what the socket accepted, not what was merely encrypted. */
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

    /** Waits until the socket accepts bytes; returns false if there is a response instead. */
    private boolean awaitRoom() throws IOException {
        int ready = socket.await(
                SelectionKey.OP_WRITE | SelectionKey.OP_READ, watch.remaining(), "the server to take the request");
        return (ready & SelectionKey.OP_READ) == 0 || answer.listen() != Heard.ANSWER;
    }
}
