package io.blobstore.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file that is mapped as a whole, with every page present. */
final class WarmMapping {
    private static final int PAGE = 4096;

    private final ByteBuffer memory;

    private WarmMapping(ByteBuffer memory) {
        this.memory = memory;
    }

    /** Maps a file for reading. */
    static WarmMapping forReading(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            MappedByteBuffer memory = channel.map(MapMode.READ_ONLY, 0, channel.size());
            memory.load();
            return new WarmMapping(memory);
        }
    }

    /** Maps a file for writing. */
    static WarmMapping forWriting(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            MappedByteBuffer memory = channel.map(MapMode.READ_WRITE, 0, channel.size());
            touch(memory);
            return new WarmMapping(memory);
        }
    }

    /** Writes to each page what it holds, so that writing to it is no fault later on. */
    static void touch(ByteBuffer memory) {
        for (int at = 0; at < memory.limit(); at += PAGE) {
            memory.put(at, memory.get(at));
        }
    }

    int size() {
        return memory.limit();
    }

    /** A part of it; the caller's own buffer. */
    ByteBuffer slice(long offset, int length) {
        return memory.slice(Math.toIntExact(offset), length);
    }
}
