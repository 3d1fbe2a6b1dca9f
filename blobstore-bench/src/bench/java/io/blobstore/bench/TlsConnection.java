package io.blobstore.bench;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/** A connection encrypted by an engine: decrypts into the target and writes several records at once. */
final class TlsConnection implements NetConnection {
    private static final int OUTPUT = 256 * 1024;
    private static final ByteBuffer NOTHING = ByteBuffer.allocateDirect(0);

    private final SocketChannel channel;
    private final SSLEngine engine;
    /** Received ciphertext; ready to be read between calls. */
    private final ByteBuffer input;
    /** Decrypted bytes that did not fit into the target; ready to be read between calls. */
    private final ByteBuffer rest;
    /** Ciphertext to send; empty between calls. */
    private final ByteBuffer output;

    /** Performs the handshake. */
    TlsConnection(SocketChannel channel, SSLEngine engine) throws IOException {
        this.channel = channel;
        this.engine = engine;
        int record = engine.getSession().getPacketBufferSize();
        this.input = ByteBuffer.allocateDirect(Math.max(record, OUTPUT)).limit(0);
        this.rest = ByteBuffer.allocateDirect(
                        Math.max(record, engine.getSession().getApplicationBufferSize()))
                .limit(0);
        this.output = ByteBuffer.allocateDirect(Math.max(record, OUTPUT));
        engine.beginHandshake();
        proceed(engine.getHandshakeStatus());
    }

    private void proceed(HandshakeStatus first) throws IOException {
        for (HandshakeStatus status = first; ; ) {
            switch (status) {
                case NEED_TASK -> {
                    for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
                        task.run();
                    }
                    status = engine.getHandshakeStatus();
                }
                case NEED_WRAP -> {
                    SSLEngineResult result = engine.wrap(NOTHING.duplicate(), output);
                    requireOpen(result);
                    flush();
                    status = result.getHandshakeStatus();
                }
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                    rest.compact();
                    SSLEngineResult result = engine.unwrap(input, rest);
                    rest.flip();
                    requireOpen(result);
                    if (result.getStatus() == SSLEngineResult.Status.BUFFER_UNDERFLOW && !receive()) {
                        throw new EOFException("the connection was closed during the TLS handshake");
                    }
                    status = result.getHandshakeStatus();
                }
                case FINISHED, NOT_HANDSHAKING -> {
                    return;
                }
            }
        }
    }

    private static void requireOpen(SSLEngineResult result) throws SSLException {
        if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
            throw new SSLException("the peer closed the TLS connection");
        }
    }

    private boolean receive() throws IOException {
        input.compact();
        int count = channel.read(input);
        input.flip();
        return count >= 0;
    }

    private void flush() throws IOException {
        output.flip();
        while (output.hasRemaining()) {
            channel.write(output);
        }
        output.clear();
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        while (true) {
            if (rest.hasRemaining()) {
                int count = Math.min(rest.remaining(), target.remaining());
                target.put(rest.slice(rest.position(), count));
                rest.position(rest.position() + count);
                return count;
            }
            int start = target.position();
            // An engine requires room for the largest record.
            boolean inPlace = target.remaining() >= rest.capacity();
            SSLEngineResult result;
            if (inPlace) {
                result = engine.unwrap(input, target);
            } else {
                result = engine.unwrap(input, rest.clear());
                rest.flip();
            }
            if (result.getStatus() == SSLEngineResult.Status.CLOSED
                    || (result.getStatus() == SSLEngineResult.Status.BUFFER_UNDERFLOW && !receive())) {
                return -1;
            }
            if (result.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) { // a session ticket or a key update
                proceed(result.getHandshakeStatus());
            }
            if (target.position() > start) {
                return target.position() - start;
            }
        }
    }

    @Override
    public void write(ByteBuffer source) throws IOException {
        while (source.hasRemaining()) {
            SSLEngineResult result = engine.wrap(source, output);
            requireOpen(result);
            if (result.getStatus() == SSLEngineResult.Status.BUFFER_OVERFLOW) {
                flush();
            } else if (result.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
                proceed(HandshakeStatus.NEED_TASK);
            }
        }
        flush();
    }

    @Override
    public String security() {
        return engine.getSession().getProtocol() + " " + engine.getSession().getCipherSuite();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
