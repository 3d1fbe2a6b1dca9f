package io.blobstore.split.internal.input;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/**
 * Reads an input stream through a small array. Unlike the JDK's adapter, it never closes the stream, not even after an
 * interrupt. Not thread-safe.
 */
public final class InputStreamChannel implements ReadableByteChannel {
    private final InputStream stream;
    private final byte[] block = new byte[64 << 10];

    /** Creates a channel; the caller owns the stream, and closes it. */
    public InputStreamChannel(InputStream stream) {
        this.stream = stream;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        int most = Math.min(block.length, target.remaining());
        int bytes = stream.read(block, 0, most);
        if (bytes < -1 || bytes > most) {
            throw new IOException(
                    "the input stream returned " + bytes + " from a read of " + most + " bytes: it is broken");
        }
        if (bytes > 0) {
            target.put(block, 0, bytes);
        }
        return bytes;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    /** Does nothing: the caller owns the stream. */
    @Override
    public void close() {}
}
