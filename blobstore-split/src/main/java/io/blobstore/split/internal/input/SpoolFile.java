package io.blobstore.split.internal.input;

import io.blobstore.BlobSource;
import io.blobstore.TargetException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Bytes of a stream in a temporary file, for what is too large for memory. On Linux the file has no name from the
 * start: it disappears with the process. One thread writes it while others read what was written.
 */
final class SpoolFile extends Segment {
    private final Path path;
    private final StreamMemory memory;
    private final FileChannel channel;
    private long size;

    private SpoolFile(long start, Path path, FileChannel channel, StreamMemory memory) {
        super(start);
        this.path = path;
        this.channel = channel;
        this.memory = memory;
        memory.add(this, 0);
    }

    static SpoolFile create(long start, Path directory, StreamMemory memory) throws IOException {
        Path path = Files.createTempFile(directory, "blobstore-split-", ".tmp");
        try {
            return new SpoolFile(
                    start,
                    path,
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
    void append(ByteBuffer bytes) throws IOException {
        try {
            while (bytes.hasRemaining()) {
                size += channel.write(bytes, size);
            }
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            throw new TargetException(
                    "the temporary file " + path + " of a stream, in java.io.tmpdir",
                    String.valueOf(e.getMessage()),
                    e);
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
