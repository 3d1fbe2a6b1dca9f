package io.blobstore.http;

import io.blobstore.BlobSource;
import io.blobstore.http.ResponseReader.EarlyResponse;
import io.blobstore.http.TransportException.Kind;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
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
 * <p>Bytes are either <em>staged</em>, that is, copied behind the request's head in direct memory, or written from the
 * source's buffer together with the staged ones before them. Small pieces are staged: a small blob is sent with one
 * write, and so are the head, the content's envelope and the first bytes of a large one. The body's last byte is always
 * staged, and what is staged at the end is written only after the source was checked once more: a server that never
 * receives the last byte does not store bytes that are not the content.
 */
final class RequestWriter {
    /** The maximum size of a write from a heap buffer: the JDK copies it into a direct buffer, which it keeps. */
    private static final int HEAP_WINDOW = 128 << 10;

    /** The maximum size of a body that is staged as a whole: copying it costs less than a second write. */
    private static final int SMALL_BODY = 16 << 10;

    /** The bytes to stage of a larger body: its envelope, and its last byte. */
    private static final int STAGED = 2 << 10;

    /** RFC 9110, section 10.1.1: a client must not wait indefinitely for a server that does not know 100-continue. */
    private static final long CONTINUE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final NonBlockingSocket socket;
    private final NetChannel channel;
    private final ResponseReader response;
    private final StallDetector watch;
    private final byte[] head;
    /** The bytes that the socket had written before this request. */
    private final long before;
    /** The bytes that the socket had written when the watch was last updated. */
    private long counted;
    /** The size of the body. */
    private long size;
    /** The bytes of the body that are neither written nor staged. */
    private long left;
    /** Whether all of the body was sent. */
    private boolean whole;

    RequestWriter(
            NonBlockingSocket socket, NetChannel channel, ResponseReader response, StallDetector watch, byte[] head) {
        this.socket = socket;
        this.channel = channel;
        this.response = response;
        this.watch = watch;
        this.head = head;
        before = socket.written();
        counted = before;
    }

    /** Reports that the connection is broken: the socket accepts no more bytes. */
    static final class WriteFailure extends IOException {
        private static final long serialVersionUID = 1L;

        WriteFailure(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    /** Ends the traversal of a source because the server has already responded. */
    private static final class EarlyResponseException extends IOException {
        private static final long serialVersionUID = 1L;

        @Override
        public synchronized Throwable fillInStackTrace() {
            return this; // caught within this class
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
     * @throws WriteFailure if the connection is broken; a response that the server sent before that can still be read
     */
    boolean send(HttpRequest request) throws IOException {
        BlobSource body = request.body().orElse(null);
        if (body == null || body.size() == 0) {
            return sendHead();
        }
        boolean expectContinue = request.expectContinue();
        if (expectContinue && !(sendHead() && mayContinue())) {
            return false;
        }
        int ahead = expectContinue ? 0 : head.length;
        int room = body.size() <= SMALL_BODY ? (int) body.size() : STAGED;
        try (PooledBuffer memory = DirectBufferPool.shared().take(ahead + room)) {
            ByteBuffer staged = memory.buffer();
            return send(body, staged.put(head, 0, ahead));
        }
    }

    private boolean send(BlobSource body, ByteBuffer staged) throws IOException {
        size = body.size();
        left = size;
        try {
            body.forEachBuffer(Integer.MAX_VALUE, buffer -> writeBody(staged, buffer));
        } catch (EarlyResponseException e) {
            return false;
        }
        body.checkUnchanged(); // with the last byte staged
        whole = write(staged.flip()) && flush();
        return whole;
    }

    /** Returns the bytes of the body that were sent; over TLS, of one that was cut off, about that. */
    long bodySent() {
        return whole ? size : Math.max(0, Math.min(size, socket.written() - before - head.length));
    }

    /** Waits until the server sends 100 Continue, or for a second; returns false if it sends a final response. */
    private boolean mayContinue() throws IOException {
        long end = socket.clock().nanoTime() + Math.min(CONTINUE_NANOS, watch.remaining());
        EarlyResponse early = response.poll();
        while (early == EarlyResponse.NONE) {
            try {
                socket.await(SelectionKey.OP_READ, end - socket.clock().nanoTime(), "100 Continue");
            } catch (TransportException e) {
                if (e.kind() != Kind.TIMEOUT) {
                    throw e;
                }
                break; // the server may not know 100-continue
            }
            early = response.poll();
        }
        watch.restart();
        return early != EarlyResponse.FINAL;
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
                throw new EarlyResponseException();
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
            countWritten();
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
            countWritten();
            if (!awaitRoom()) {
                return false;
            }
        }
        return true;
    }

    /** Counts as progress what the socket accepted, not what was merely encrypted. */
    private void countWritten() {
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
                SelectionKey.OP_WRITE | SelectionKey.OP_READ, watch.remaining(), "the server to receive the request");
        return (ready & SelectionKey.OP_READ) == 0 || response.poll() != EarlyResponse.FINAL;
    }
}
