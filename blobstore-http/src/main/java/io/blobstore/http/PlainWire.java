package io.blobstore.http;

import java.io.IOException;
import java.nio.ByteBuffer;

/** The socket itself: the kernel reads from, and writes to, the caller's direct memory. */
final class PlainWire implements Wire {
    private final Link link;

    PlainWire(Link link) {
        this.link = link;
    }

    @Override
    public long write(ByteBuffer[] sources) throws IOException {
        return link.write(sources);
    }

    @Override
    public boolean flush() {
        return true;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        return link.read(target);
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
        link.close();
    }
}
