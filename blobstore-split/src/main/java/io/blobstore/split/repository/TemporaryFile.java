package io.blobstore.split.repository;

import io.blobstore.TargetException;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A temporary file of bytes that are appended, and then read at any position. Not a channel: the interrupt of a thread
 * that reads would close that, for all others as well. On Linux it has no name while it is open, so that it disappears
 * with the process. Used by one thread at a time.
 */
final class TemporaryFile implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(TemporaryFile.class);

    private final String content;
    private final Path path;
    private final RandomAccessFile file;
    private final byte[] block = new byte[8192];

    private TemporaryFile(String content, Path path, RandomAccessFile file) {
        this.content = content;
        this.path = path;
        this.file = file;
    }

    /**
     * Creates an empty file, which is deleted at once where that is possible while it is open.
     *
     * @param content what it is for, as in "the stream's inline bytes", for messages of errors
     * @throws TargetException if that fails
     */
    static TemporaryFile create(String content) throws TargetException {
        try {
            Path path = Files.createTempFile("blobstore-split-", ".tmp");
            RandomAccessFile file;
            try {
                file = new RandomAccessFile(path.toFile(), "rw");
            } catch (IOException e) {
                Files.deleteIfExists(path);
                throw e;
            }
            try {
                Files.delete(path);
            } catch (IOException e) {
                LOG.debug("{} is deleted when it is closed", path, e);
            }
            return new TemporaryFile(content, path, file);
        } catch (IOException e) {
            throw failed(content, e);
        }
    }

    private static TargetException failed(String content, IOException e) {
        return new TargetException(
                "a temporary file for " + content + ", in java.io.tmpdir", String.valueOf(e.getMessage()), e);
    }

    /**
     * Appends a buffer's remaining bytes; its position is its limit after that.
     *
     * @throws TargetException if they cannot be written, for lack of space for example
     */
    void append(ByteBuffer bytes) throws TargetException {
        try {
            while (bytes.hasRemaining()) {
                int length = Math.min(block.length, bytes.remaining());
                bytes.get(block, 0, length);
                file.write(block, 0, length);
            }
        } catch (IOException e) {
            throw failed(content, e);
        }
    }

    /** Fills a buffer's remaining bytes with those at a position. */
    void read(long position, ByteBuffer target) throws IOException {
        file.seek(position);
        while (target.hasRemaining()) {
            int bytes = file.read(block, 0, Math.min(block.length, target.remaining()));
            if (bytes < 0) {
                throw new EOFException("the temporary file for " + content + " was truncated");
            }
            target.put(block, 0, bytes);
        }
    }

    /** Closes and deletes the file. Idempotent. */
    @Override
    public void close() throws IOException {
        try {
            file.close();
        } finally {
            Files.deleteIfExists(path);
        }
    }
}
