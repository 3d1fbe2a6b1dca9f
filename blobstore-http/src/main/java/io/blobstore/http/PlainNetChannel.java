package io.blobstore.http;

import java.io.IOException;
import java.nio.ByteBuffer;

/** The socket itself: the kernel reads from, and writes to, the caller's direct memory. */
final class PlainNetChannel implements NetChannel {
    private final NonBlockingSocket socket;

    PlainNetChannel(NonBlockingSocket socket) {
        this.socket = socket;
    }

    @Override
    public long write(ByteBuffer[] sources) throws IOException {
        return socket.write(sources);
    }

    @Override
    public boolean flush() {
        return true;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        return socket.read(target);
    }

    @Override
    public boolean endIsGenuine() {
        return true;
    }

    @Override
    public boolean hasBuffered() {
        return false;
    }

    @Override
    public void close() {
        socket.close();
    }
}
