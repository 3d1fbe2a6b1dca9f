package io.blobstore.bench;

import io.blobstore.Crc32c;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;

/** The object that the server returns for every read: one random block, repeated up to the size. Thread-safe. */
final class ServedObject {
    static final int BLOCK = 8 << 20;

    private final ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
    private final long size;
    private final Crc32c checksum;

    ServedObject(long size) {
        this.size = size;
        byte[] bytes = new byte[BLOCK];
        new Random(size).nextBytes(bytes);
        block.put(bytes).flip();
        Crc32c whole = Crc32c.EMPTY;
        Crc32c ofBlock = Crc32c.of(block);
        for (long at = 0; at < size; at += BLOCK) {
            int length = (int) Math.min(BLOCK, size - at);
            whole = whole.combine(length == BLOCK ? ofBlock : Crc32c.of(block.slice(0, length)), length);
        }
        this.checksum = whole;
    }

    long size() {
        return size;
    }

    Crc32c checksum() {
        return checksum;
    }

    /** Returns the object's size and checksum in the form of an uploaded object. */
    StoredObjects.Stored asStored() {
        return new StoredObjects.Stored(size, checksum.base64(), "\"served\"");
    }

    /** Writes the bytes from one offset to another. */
    void write(NetConnection connection, long from, long to) throws IOException {
        for (long at = from; at < to; ) {
            int offset = (int) (at % BLOCK);
            int length = (int) Math.min(BLOCK - offset, to - at);
            connection.write(block.slice(offset, length));
            at += length;
        }
    }
}
