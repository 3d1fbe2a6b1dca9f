package io.blobstore.bench;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** A connection, plain or encrypted. Blocking; not thread-safe. */
interface Wire extends Closeable {
    /** Reads some bytes, at least one; -1 at the end. The target must have room. */
    int read(ByteBuffer target) throws IOException;

    /** Writes all of the source's remaining bytes. */
    void write(ByteBuffer source) throws IOException;

    /** What protects it, as in {@code TLSv1.3 TLS_AES_128_GCM_SHA256}. */
    String security();

    /** A connection without encryption. */
    static Wire plain(SocketChannel channel) {
        return new Wire() {
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
        };
    }
}
