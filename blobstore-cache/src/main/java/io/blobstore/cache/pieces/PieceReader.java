package io.blobstore.cache.pieces;

import io.blobstore.BlobTarget;
import io.blobstore.Crc32c;
import io.blobstore.TargetException;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** Reads the files of pieces. Each read has a channel of its own, as an interrupt closes the channel. Thread-safe. */
final class PieceReader {
    /** The most bytes per read(2); large heap buffers would make the JDK allocate direct ones of their size. */
    private static final int MAX_READ = 256 << 10;

    private final PieceDirectory directory;

    PieceReader(PieceDirectory directory) {
        this.directory = directory;
    }

    /**
     * What was copied.
     *
     * @param length the number of bytes
     * @param checksum their checksum
     * @param failure the reason why it is not all; null if it is
     */
    record Copied(int length, Crc32c checksum, @Nullable IOException failure) {}

    /**
     * Copies a part of a piece from the page cache straight into the memory of a window.
     *
     * @throws ClosedByInterruptException if the thread is interrupted
     * @throws io.blobstore.TargetException if the window fails
     */
    Copied copy(Piece piece, int from, int length, BlobTarget.Window target) throws IOException {
        Crc32c checksum = Crc32c.EMPTY;
        int done = 0;
        try (FileChannel channel = open(piece)) {
            while (done < length) {
                ByteBuffer memory = target.buffer();
                int start = memory.position();
                int limit = memory.limit();
                int bytes = Math.min(MAX_READ, Math.min(memory.remaining(), length - done));
                memory.limit(start + bytes);
                int read;
                try {
                    read = channel.read(memory, (long) from + done);
                } finally {
                    memory.limit(limit);
                }
                if (read <= 0) {
                    return new Copied(done, checksum, new EOFException("ends after " + (from + done) + " bytes"));
                }
                checksum = checksum.combine(Crc32c.of(memory.slice(start, read)), read);
                done += read;
            }
            return new Copied(done, checksum, null);
        } catch (ClosedByInterruptException | TargetException e) {
            throw e;
        } catch (IOException e) {
            return new Copied(done, checksum, e);
        }
    }

    /**
     * Compares a piece with its checksum, unless that was done.
     *
     * @return whether it is as it was received
     * @throws ClosedByInterruptException if the thread is interrupted
     */
    boolean verify(Piece piece) throws IOException, InterruptedException {
        if (piece.verified) {
            return true;
        }
        piece.verification.lockInterruptibly();
        try {
            if (!piece.verified) {
                piece.verified = read(piece);
            }
            return piece.verified;
        } finally {
            piece.verification.unlock();
        }
    }

    /** Reads a piece, and returns whether it has its checksum. */
    boolean read(Piece piece) throws ClosedByInterruptException {
        try (FileChannel channel = open(piece);
                PooledBuffer memory = DirectBufferPool.shared().take(Math.min(MAX_READ, piece.length))) {
            Crc32c checksum = Crc32c.EMPTY;
            int done = 0;
            while (done < piece.length) {
                ByteBuffer buffer = memory.buffer().clear();
                buffer.limit(Math.min(buffer.limit(), piece.length - done));
                int read = channel.read(buffer, done);
                if (read <= 0) {
                    return false;
                }
                checksum = checksum.combine(Crc32c.of(buffer.flip()), read);
                done += read;
            }
            return checksum.equals(piece.checksum) && channel.size() == piece.length;
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            return false;
        }
    }

    private FileChannel open(Piece piece) throws IOException {
        return FileChannel.open(directory.path(piece), StandardOpenOption.READ);
    }
}
