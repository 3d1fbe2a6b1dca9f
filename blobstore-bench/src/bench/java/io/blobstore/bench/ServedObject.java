package io.blobstore.bench;

import io.blobstore.Crc32c;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.Random;

/**
 * The object that the server gives to whoever reads: one random block again and again, cut at the size. Thread-safe.
 */
final class ServedObject {
    static final int BLOCK = 8 << 20;
    static final String ETAG = "\"served\"";

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

    /** As if it had been uploaded. */
    StoredObjects.Stored asStored() {
        return new StoredObjects.Stored(size, Optional.of(checksum.base64()), ETAG);
    }

    void write(Wire wire, long from, long to) throws IOException {
        for (long at = from; at < to; ) {
            int offset = (int) (at % BLOCK);
            int length = (int) Math.min(BLOCK - offset, to - at);
            wire.write(block.slice(offset, length));
            at += length;
        }
    }
}
