package io.blobstore.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.StandardOpenOption;

/** Maps whole files of less than 2 GiB with every page present. */
final class WarmMapping {
    private static final int PAGE = 4096;

    private WarmMapping() {}

    /** Maps the file of a transfer: read-only for uploads. */
    static ByteBuffer of(TransferSpec spec) throws IOException {
        if (spec.isUpload()) {
            try (FileChannel channel = FileChannel.open(spec.file(), StandardOpenOption.READ)) {
                return channel.map(MapMode.READ_ONLY, 0, channel.size()).load();
            }
        }
        try (FileChannel channel = FileChannel.open(spec.file(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            MappedByteBuffer memory = channel.map(MapMode.READ_WRITE, 0, channel.size());
            touch(memory);
            return memory;
        }
    }

    /** Writes to each page its own content, so that later writes cause no page faults. */
    static void touch(ByteBuffer memory) {
        for (int at = 0; at < memory.limit(); at += PAGE) {
            memory.put(at, memory.get(at));
        }
    }
}
