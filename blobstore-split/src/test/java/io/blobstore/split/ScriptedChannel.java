package io.blobstore.split;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Random;

/** Gives content in reads of random sizes, of nothing too. */
public class ScriptedChannel implements ReadableByteChannel {
    private final ByteBuffer content;
    private final Random random;

    /** Creates a channel at the start of some content. */
    public ScriptedChannel(byte[] content, Random random) {
        this(ByteBuffer.wrap(content), random);
    }

    /** Creates a channel of the remaining bytes of a buffer, which is not changed. */
    public ScriptedChannel(ByteBuffer content, Random random) {
        this.content = content.duplicate();
        this.random = random;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        if (!content.hasRemaining()) {
            return -1;
        }
        int most = Math.min(target.remaining(), content.remaining());
        int bytes = random.nextBoolean() ? most : Math.min(most, random.nextInt(5000));
        target.put(content.slice(content.position(), bytes));
        content.position(content.position() + bytes);
        return bytes;
    }

    /** Returns the number of bytes that were not read. */
    public int left() {
        return content.remaining();
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void close() {
        throw new AssertionError("the channel belongs to the caller");
    }
}
