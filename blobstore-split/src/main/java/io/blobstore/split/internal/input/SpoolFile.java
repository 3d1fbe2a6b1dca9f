package io.blobstore.split.internal.input;

import io.blobstore.BlobSource;
import io.blobstore.TargetException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Bytes of a stream in a temporary file, for what is too large for memory. On Linux the file has no name from the start:
 * it disappears with the process. Written by one thread before others read it.
 */
final class SpoolFile extends Segment {
    private final StreamMemory memory;
    private final FileChannel channel;
    private long size;

    private SpoolFile(long start, FileChannel channel, StreamMemory memory) {
        super(start);
        this.channel = channel;
        this.memory = memory;
        memory.add(this, 0);
    }

    static SpoolFile create(long start, Path directory, StreamMemory memory) throws IOException {
        Path path = Files.createTempFile(directory, "blobstore-split-", ".tmp");
        try {
            return new SpoolFile(
                    start,
                    FileChannel.open(
                            path,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE,
                            StandardOpenOption.DELETE_ON_CLOSE),
                    memory);
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(path);
            throw e;
        }
    }

    /**
     * Appends a buffer's remaining bytes.
     *
     * @throws TargetException if the file cannot be written
     */
    void append(ByteBuffer bytes) throws TargetException {
        try {
            while (bytes.hasRemaining()) {
                size += channel.write(bytes, size);
            }
        } catch (IOException e) {
            throw new TargetException("a temporary file for the stream", String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    long end() {
        return start() + size;
    }

    @Override
    BlobSource content(long offset, long length) {
        return new SpooledSource(channel, offset - start(), length);
    }

    @Override
    void free() {
        memory.remove(this, 0);
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
