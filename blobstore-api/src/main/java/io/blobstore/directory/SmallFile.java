package io.blobstore.directory;

import io.blobstore.BlobSource;
import io.blobstore.SourceChangedException;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.internal.file.FileIdentity;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * The content of a small file, read once into a direct buffer of the pool. {@link BlobSource#ofPath} reads a file for
 * its checksum, and again to send it, and checks it before and after each time: for a small file, that costs more than
 * everything else that is done with it.
 */
final class SmallFile implements Closeable {
    /** The largest size in bytes. So many bytes are in memory for each file in flight. */
    static final int MAX_SIZE = 1 << 20;

    private final PooledBuffer memory;

    private SmallFile(PooledBuffer memory) {
        this.memory = memory;
    }

    /**
     * Reads a file.
     *
     * @return its content, to be closed when nothing uses it any more; empty if the file has become too large
     * @throws SourceChangedException if it changed while it was read
     */
    static Optional<SmallFile> read(Path file) throws IOException {
        FileIdentity identity = FileIdentity.of(file);
        if (identity.size() > MAX_SIZE) {
            return Optional.empty();
        }
        PooledBuffer memory = DirectBufferPool.shared().take((int) identity.size());
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer content = memory.buffer();
            while (content.hasRemaining() && channel.read(content) >= 0) {
                // until it is full, or the file ends
            }
            identity.requireEnd(channel);
            Optional<String> difference = identity.difference(false);
            if (difference.isPresent() || content.hasRemaining()) {
                throw SourceChangedException.of(file, difference.orElse("it ended before its size"));
            }
            content.flip();
            return Optional.of(new SmallFile(memory));
        } catch (IOException | RuntimeException | Error e) {
            memory.close();
            throw e;
        }
    }

    /** Returns the content, which is valid until this is closed. */
    BlobSource content() {
        return BlobSource.of(memory.buffer());
    }

    @Override
    public void close() {
        memory.close();
    }
}
