package io.blobstore.split.internal.input;

import io.blobstore.BlobSource;
import io.blobstore.TargetException;
import io.blobstore.split.internal.file.ChannelSource;
import io.blobstore.split.internal.file.UnnamedFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * Bytes of a stream in a temporary file, for what is too large for memory. On Linux the file has no name from the
 * start: it disappears with the process. One thread writes it while others read what was written.
 */
final class SpoolFile extends Segment {
    private final Path directory;
    private final StreamMemory memory;
    private final FileChannel channel;
    private long size;

    private SpoolFile(long start, Path directory, FileChannel channel, StreamMemory memory) {
        super(start);
        this.directory = directory;
        this.channel = channel;
        this.memory = memory;
        memory.add(this, 0);
    }

    static SpoolFile create(long start, Path directory, StreamMemory memory) throws IOException {
        return new SpoolFile(start, directory, UnnamedFile.create(directory), memory);
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
                    "a temporary file of a stream in " + directory + ", which is java.io.tmpdir",
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
        return new ChannelSource(channel, offset - start(), length);
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
