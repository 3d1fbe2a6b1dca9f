package io.blobstore.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A file that is mapped as a whole, with every page present. */
final class WarmMapping {
    private static final int PAGE = 4096;

    /** A buffer has no more than 2 GiB. No slice may cross a border. */
    private static final long CHUNK = 1 << 30;

    private final List<ByteBuffer> chunks;
    private final long size;

    private WarmMapping(List<ByteBuffer> chunks, long size) {
        this.chunks = chunks;
        this.size = size;
    }

    /** Maps a file for reading. */
    static WarmMapping forReading(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return map(channel, MapMode.READ_ONLY, MappedByteBuffer::load);
        }
    }

    /** Maps a file for writing. */
    static WarmMapping forWriting(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return map(channel, MapMode.READ_WRITE, WarmMapping::touch);
        }
    }

    private static WarmMapping map(FileChannel channel, MapMode mode, Consumer<MappedByteBuffer> warmUp)
            throws IOException {
        List<ByteBuffer> chunks = new ArrayList<>();
        for (long at = 0; at < channel.size(); at += CHUNK) {
            MappedByteBuffer chunk = channel.map(mode, at, Math.min(CHUNK, channel.size() - at));
            warmUp.accept(chunk);
            chunks.add(chunk);
        }
        return new WarmMapping(chunks, channel.size());
    }

    /** Writes to each page what it holds, so that writing to it is no fault later on. */
    static void touch(ByteBuffer memory) {
        for (int at = 0; at < memory.limit(); at += PAGE) {
            memory.put(at, memory.get(at));
        }
    }

    long size() {
        return size;
    }

    /** All of it, which must be a GiB at most; the caller's own buffer. */
    ByteBuffer whole() {
        return slice(0, Math.toIntExact(size));
    }

    /** A part of it; the caller's own buffer. */
    ByteBuffer slice(long offset, int length) {
        return chunks.get((int) (offset / CHUNK)).slice((int) (offset % CHUNK), length);
    }
}
