package io.blobstore.bench;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import javax.net.ssl.SSLEngine;

/** A plain or encrypted connection. Blocking; not thread-safe. */
interface NetConnection extends Closeable {
    /** Reads at least one byte into the target, which must have room; returns -1 at the end. */
    int read(ByteBuffer target) throws IOException;

    /** Writes all remaining bytes of the source. */
    void write(ByteBuffer source) throws IOException;

    /** Returns the protocol and the cipher suite, as in {@code TLSv1.3 TLS_AES_128_GCM_SHA256}, or {@code none}. */
    String security();

    /** Wraps a connected channel; with an engine, performs the TLS handshake. */
    static NetConnection of(SocketChannel channel, Optional<SSLEngine> engine) throws IOException {
        return engine.isPresent() ? new TlsConnection(channel, engine.get()) : new Plain(channel);
    }

    /** A connection without encryption. */
    record Plain(SocketChannel channel) implements NetConnection {
        @Override
        public int read(ByteBuffer target) throws IOException {
            return channel.read(target);
        }

        @Override
        public void write(ByteBuffer source) throws IOException {
            while (source.hasRemaining()) {
                channel.write(source);
            }
        }

        @Override
        public String security() {
            return "none";
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
