package io.blobstore.split.internal.format;

import io.blobstore.BlobSource;
import io.blobstore.TargetException;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.split.internal.file.ChannelSource;
import io.blobstore.split.internal.file.UnnamedFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that are kept in direct memory up to a limit, and in a temporary file beyond that. Not thread-safe.
 *
 * <p>The temporary file is deleted by {@link #clear()} and {@link #close()}, and disappears with the process.
 */
final class SpillBuffer implements Closeable {
    private static final int PIECE = 128 * 1024;

    private final int maxPieces;
    private final Path directory;
    /** All but the last one are full; each one's position is behind its bytes. */
    private final List<PooledBuffer> pieces = new ArrayList<>();

    private @Nullable FileChannel channel;
    private long size;
    private boolean closed;

    /**
     * Creates an empty buffer.
     *
     * @param maxMemory the number of bytes to keep in memory, a multiple of 128 KiB
     * @param directory the directory of the temporary file
     */
    SpillBuffer(int maxMemory, Path directory) {
        this.maxPieces = maxMemory / PIECE;
        this.directory = directory;
    }

    /** Returns the number of bytes added since the last {@link #clear()}. */
    long size() {
        return size;
    }

    /**
     * Adds a buffer's remaining bytes; the buffer's position is its limit after that.
     *
     * @throws TargetException if the temporary file cannot be written
     */
    void add(ByteBuffer bytes) throws TargetException {
        if (closed) {
            throw new IllegalStateException("closed");
        }
        size += bytes.remaining();
        while (bytes.hasRemaining()) {
            ByteBuffer piece = pieceWithRoom();
            int length = Math.min(bytes.remaining(), piece.remaining());
            piece.put(bytes.slice(bytes.position(), length));
            bytes.position(bytes.position() + length);
        }
    }

    private ByteBuffer pieceWithRoom() throws TargetException {
        if (!pieces.isEmpty() && last().hasRemaining()) {
            return last();
        }
        if (pieces.size() == maxPieces) {
            spill();
        } else {
            pieces.add(DirectBufferPool.shared().take(PIECE));
        }
        return last();
    }

    private ByteBuffer last() {
        return pieces.get(pieces.size() - 1).buffer();
    }

    /** Moves the bytes in memory to the file, and keeps one piece to write through. */
    private void spill() throws TargetException {
        try {
            FileChannel target = channel;
            if (target == null) {
                target = channel = UnnamedFile.create(directory);
            }
            for (PooledBuffer piece : pieces) {
                ByteBuffer bytes = piece.buffer().flip();
                while (bytes.hasRemaining()) {
                    target.write(bytes);
                }
            }
        } catch (IOException e) {
            throw new TargetException("a temporary file in " + directory, String.valueOf(e.getMessage()), e);
        }
        keepOnePiece();
    }

    private void keepOnePiece() {
        while (pieces.size() > 1) {
            pieces.remove(pieces.size() - 1).close();
        }
        pieces.forEach(piece -> piece.buffer().clear());
    }

    /**
     * Returns the content, which is valid until this buffer changes or is closed.
     *
     * @throws TargetException if the temporary file cannot be written
     */
    BlobSource content() throws IOException {
        FileChannel spilled = channel;
        if (spilled != null) {
            spill();
            return new ChannelSource(spilled, 0, size);
        }
        return BlobSource.of(
                pieces.stream().map(piece -> piece.buffer().duplicate().flip()).toArray(ByteBuffer[]::new));
    }

    /** Forgets the content, and deletes the temporary file. Keeps one piece of memory. */
    void clear() throws IOException {
        size = 0;
        keepOnePiece();
        deleteFile();
    }

    private void deleteFile() throws IOException {
        FileChannel closing = channel;
        channel = null;
        if (closing != null) {
            closing.close();
        }
    }

    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            pieces.forEach(PooledBuffer::close);
            pieces.clear();
            deleteFile();
        }
    }
}
