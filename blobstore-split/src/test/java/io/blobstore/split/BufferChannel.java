package io.blobstore.split;

import java.nio.ByteBuffer;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;

/** The remaining bytes of a buffer as a channel. */
public final class BufferChannel implements SeekableByteChannel {
    private final ByteBuffer content;
    private boolean open = true;

    /** Creates a channel at position 0. */
    public BufferChannel(ByteBuffer content) {
        this.content = content.slice();
    }

    @Override
    public int read(ByteBuffer target) {
        if (!content.hasRemaining()) {
            return -1;
        }
        int bytes = Math.min(target.remaining(), content.remaining());
        target.put(content.slice(content.position(), bytes));
        content.position(content.position() + bytes);
        return bytes;
    }

    @Override
    public int write(ByteBuffer source) {
        throw new NonWritableChannelException();
    }

    @Override
    public long position() {
        return content.position();
    }

    @Override
    public BufferChannel position(long position) {
        content.position((int) Math.min(position, content.limit()));
        return this;
    }

    @Override
    public long size() {
        return content.limit();
    }

    @Override
    public SeekableByteChannel truncate(long size) {
        throw new NonWritableChannelException();
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void close() {
        open = false;
    }
}
