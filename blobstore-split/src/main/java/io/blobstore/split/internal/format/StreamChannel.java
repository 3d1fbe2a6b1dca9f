package io.blobstore.split.internal.format;

import io.blobstore.split.SplitStreamException;
import io.blobstore.split.UnsupportedSplitStreamException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import org.jspecify.annotations.Nullable;

/** The bytes of a stream, with its name for messages of errors. Not thread-safe. */
final class StreamChannel implements Closeable {
    private final SeekableByteChannel channel;
    private final String name;
    private final long size;

    StreamChannel(SeekableByteChannel channel, String name) throws IOException {
        this.channel = channel;
        this.name = name;
        this.size = channel.size();
    }

    long size() {
        return size;
    }

    /** Fills a buffer from its position to its limit. */
    void readFully(ByteBuffer target, long position) throws IOException {
        channel.position(position);
        while (target.hasRemaining()) {
            if (channel.read(target) < 0) {
                throw damaged("it ends before its " + size + " bytes", null);
            }
        }
    }

    void require(boolean condition, String problem) throws SplitStreamException {
        if (!condition) {
            throw damaged(problem, null);
        }
    }

    SplitStreamException damaged(String problem, @Nullable Throwable cause) {
        return new SplitStreamException(name, problem, cause);
    }

    UnsupportedSplitStreamException unsupported(String problem) {
        return new UnsupportedSplitStreamException(name, problem);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
