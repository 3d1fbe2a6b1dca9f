package io.blobstore.http;

import java.io.IOException;
import java.nio.ByteBuffer;

/** An unencrypted channel: the kernel reads and writes the caller's direct memory. */
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
    public boolean isEndAuthentic() {
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
