package io.blobstore.http;

import io.blobstore.http.TransportException.Kind;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A TLS channel by an {@link SSLEngine} that reads the caller's buffers directly: encryption into {@link #outgoing} is
 * the only copy of a sent payload byte, and decryption into the target the only copy of a received one.
 *
 * <p>The engine's calls are synchronous, so it refers to the caller's memory only while {@link #write} and
 * {@link #read} run.
 */
final class TlsNetChannel implements NetChannel {
    /** Several records, so that a system call carries more than one. */
    static final int BUFFER_SIZE = 256 << 10;

    private static final Logger LOG = LoggerFactory.getLogger(TlsNetChannel.class);
    private static final ByteBuffer NOTHING = ByteBuffer.allocateDirect(0);

    private final NonBlockingSocket socket;
    private final TlsContext context;
    private final SSLEngine engine;
    private final List<PooledBuffer> buffers = new ArrayList<>();
    private final int recordRoom;

    /** Ciphertext to be sent, from position to limit. */
    private final ByteBuffer outgoing;
    /** Ciphertext that arrived, from position to limit. */
    private final ByteBuffer incoming;
    /** The part of a decrypted record that did not fit the target, from position to limit. */
    private final ByteBuffer spill;
    /** The targets of one record: the caller's memory, then the spill. */
    private final ByteBuffer[] targets;

    private boolean established;
    private boolean receivedAny;
    private boolean ended;
    private boolean closed;

    private TlsNetChannel(NonBlockingSocket socket, TlsContext context, SSLEngine engine) {
        this.socket = socket;
        this.context = context;
        this.engine = engine;
        recordRoom = engine.getSession().getPacketBufferSize();
        outgoing = empty(BUFFER_SIZE);
        incoming = empty(BUFFER_SIZE);
        // The size of an encrypted record: OpenSSL's engine requires that before it knows the size of the content.
        spill = empty(Math.max(recordRoom, engine.getSession().getApplicationBufferSize()));
        targets = new ByteBuffer[] {NOTHING, spill};
    }

    private ByteBuffer empty(int capacity) {
        PooledBuffer buffer = DirectBufferPool.shared().take(capacity);
        buffers.add(buffer);
        return buffer.buffer().limit(0);
    }

    /**
     * Establishes TLS over a connected socket. If that fails, the caller has to close the socket.
     *
     * @param nanos the time limit in nanoseconds
     */
    static TlsNetChannel establish(NonBlockingSocket socket, TlsContext context, Endpoint endpoint, long nanos)
            throws IOException {
        SSLEngine engine = context.newEngine(endpoint);
        TlsNetChannel channel;
        try {
            channel = new TlsNetChannel(socket, context, engine);
        } catch (Throwable e) {
            context.release(engine);
            throw e;
        }
        try {
            channel.handshake(socket.clock().nanoTime() + nanos);
            return channel;
        } catch (Throwable e) {
            channel.close();
            throw e;
        }
    }

    // ---- handshake

    private void handshake(long end) throws IOException {
        engine.beginHandshake();
        for (HandshakeStatus status = engine.getHandshakeStatus();
                status != HandshakeStatus.NOT_HANDSHAKING && status != HandshakeStatus.FINISHED;
                status = engine.getHandshakeStatus()) {
            switch (status) {
                case NEED_TASK -> runTasks();
                case NEED_WRAP -> {
                    encrypt(NOTHING);
                    flushBy(end);
                }
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                    SSLEngineResult result = decrypt(NOTHING);
                    if (result.getStatus() == Status.CLOSED) {
                        throw new SSLException("the server ended the handshake");
                    }
                    if (result.getStatus() == Status.BUFFER_UNDERFLOW && !fill()) {
                        flushBy(end);
                        socket.await(SelectionKey.OP_READ, end - socket.clock().nanoTime(), "the TLS handshake");
                    }
                }
                default -> throw new SSLException("unexpected state of the handshake: " + status);
            }
        }
        flushBy(end);
        established = true;
        if (LOG.isDebugEnabled()) {
            LOG.debug(
                    "{} {} by {}",
                    engine.getSession().getProtocol(),
                    engine.getSession().getCipherSuite(),
                    context);
        }
    }

    private void runTasks() {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
    }

    private void flushBy(long end) throws IOException {
        while (!flush()) {
            socket.await(SelectionKey.OP_WRITE, end - socket.clock().nanoTime(), "the TLS handshake");
        }
    }

    // ---- sending

    @Override
    public long write(ByteBuffer[] sources) throws IOException {
        long accepted = 0;
        for (ByteBuffer source : sources) {
            while (source.hasRemaining()) {
                if (outgoing.capacity() - outgoing.limit() < recordRoom && !flush()) {
                    return accepted;
                }
                int before = source.position();
                encrypt(source);
                accepted += source.position() - before;
            }
        }
        flush();
        return accepted;
    }

    /** Appends at most one record to the outgoing buffer, which must have room for it. */
    private void encrypt(ByteBuffer source) throws IOException {
        if (!outgoing.hasRemaining()) {
            outgoing.clear().limit(0);
        }
        int from = outgoing.position();
        outgoing.position(outgoing.limit()).limit(outgoing.capacity());
        try {
            SSLEngineResult result = engine.wrap(source, outgoing);
            if (result.getStatus() == Status.CLOSED && closed) {
                return; // close_notify was sent before
            }
            if (result.getStatus() == Status.CLOSED) {
                throw new TransportException(Kind.CLOSED, "the server has ended the TLS connection", null);
            }
            if (result.getStatus() != Status.OK) {
                throw new SSLException("cannot encrypt: " + result.getStatus());
            }
        } finally {
            outgoing.limit(outgoing.position()).position(from);
        }
    }

    @Override
    public boolean flush() throws IOException {
        if (outgoing.hasRemaining()) {
            socket.write(outgoing);
        }
        if (outgoing.hasRemaining()) {
            return false;
        }
        outgoing.clear().limit(0);
        return true;
    }

    // ---- receiving

    @Override
    public int read(ByteBuffer target) throws IOException {
        int before = target.position();
        while (target.hasRemaining() && !ended) {
            if (spill.hasRemaining()) {
                move(spill, target);
                continue;
            }
            SSLEngineResult result = decrypt(target);
            if (result.getStatus() == Status.CLOSED) {
                ended = true;
            } else if (result.getStatus() == Status.BUFFER_UNDERFLOW
                    && (target.position() > before
                            || !fill())) { // returns decrypted bytes even if the socket is broken
                break;
            }
        }
        int bytes = target.position() - before;
        receivedAny |= bytes > 0;
        return bytes == 0 && ended ? -1 : bytes;
    }

    /** Decrypts at most one record into the target, and the rest of it into the spill, which must be empty. */
    private SSLEngineResult decrypt(ByteBuffer target) throws IOException {
        spill.clear();
        try {
            targets[0] = target;
            SSLEngineResult result = engine.unwrap(incoming, targets);
            if (result.getStatus() == Status.BUFFER_OVERFLOW) {
                throw new SSLException("a record is larger than TLS allows");
            }
            if (established && result.getStatus() != Status.CLOSED) { // close() responds to that
                respondToPeer(result.getHandshakeStatus());
            }
            return result;
        } catch (SSLException e) {
            throw established && receivedAny
                    ? new TransportException(Kind.CLOSED, "TLS failed: " + e.getMessage(), e)
                    : e;
        } finally {
            targets[0] = NOTHING; // drops the reference to the caller's memory
            spill.flip();
        }
    }

    /** Responds to the peer, which may request new keys at any time. */
    private void respondToPeer(HandshakeStatus status) throws IOException {
        if (status == HandshakeStatus.NEED_TASK) {
            runTasks();
        }
        if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP
                && outgoing.capacity() - outgoing.limit() >= recordRoom
                && !engine.isOutboundDone()) {
            encrypt(NOTHING);
            flush();
        }
    }

    /** Receives ciphertext; returns false if none has arrived. Throws if the connection ends during the handshake. */
    private boolean fill() throws IOException {
        incoming.compact();
        try {
            int bytes = socket.read(incoming);
            if (bytes < 0) {
                if (!established) {
                    throw new TransportException(
                            Kind.CLOSED, "the server closed the connection during the TLS handshake", null);
                }
                ended = true; // without close_notify
                return true;
            }
            return bytes > 0;
        } finally {
            incoming.flip();
        }
    }

    private static void move(ByteBuffer from, ByteBuffer to) {
        int bytes = Math.min(from.remaining(), to.remaining());
        to.put(from.slice(from.position(), bytes));
        from.position(from.position() + bytes);
    }

    @Override
    public boolean isEndAuthentic() {
        return engine.isInboundDone();
    }

    @Override
    public boolean hasBuffered() {
        return spill.hasRemaining() || incoming.hasRemaining();
    }

    // ---- closing

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            sendCloseNotify();
        } finally {
            socket.close();
            context.release(engine);
            buffers.forEach(PooledBuffer::close);
        }
    }

    /** Sends close_notify if the socket accepts it without blocking. */
    private void sendCloseNotify() {
        try {
            engine.closeOutbound();
            if (established && flush()) {
                encrypt(NOTHING);
                flush();
            }
        } catch (IOException | RuntimeException e) {
            LOG.trace("A connection ends without close_notify", e);
        }
    }
}
