package io.blobstore.bench;

import io.blobstore.Crc32c;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicIntegerArray;

/** The checksums of the parts that were read, to be compared with that of the whole. Thread-safe. */
final class PartChecksums {
    private final AtomicIntegerArray parts;
    private final long size;
    private final int partSize;

    PartChecksums(long size, int partSize) {
        this.parts = new AtomicIntegerArray(PartWorkers.parts(size, partSize));
        this.size = size;
        this.partSize = partSize;
    }

    void set(int index, Crc32c checksum) {
        parts.set(index, checksum.value());
    }

    /** Fails if what was read is not the object. */
    void require(String base64) throws IOException {
        Crc32c whole = Crc32c.EMPTY;
        for (int i = 0; i < parts.length(); i++) {
            whole = whole.combine(new Crc32c(parts.get(i)), Math.min(partSize, size - (long) i * partSize));
        }
        if (!whole.base64().equals(base64)) {
            throw new IOException("the object's CRC32C is " + base64 + ", but " + whole.base64() + " was read");
        }
    }
}
